/* Logits of all images on standard input, to standard output. */
#include <stdio.h>

#include "digits.h"

int main(void)
{
    uint8_t pixels[784];
    int32_t logits[10];
    while (fread(pixels, sizeof pixels, 1, stdin) == 1) {
        (void)tinydigits_classify(pixels, logits);
        if (fwrite(logits, sizeof logits, 1, stdout) != 1)
            return 1;
    }
    return 0;
}
