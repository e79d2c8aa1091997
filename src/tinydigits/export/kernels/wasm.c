static uint8_t pixels[784];
static int32_t logits[10];

uint8_t *image(void);
int32_t *scores(void);
float scale(void);
int classify(void);

uint8_t *image(void)
{
    return pixels;
}

int32_t *scores(void)
{
    return logits;
}

float scale(void)
{
    return TINYDIGITS_SCALE;
}

int classify(void)
{
    return tinydigits_classify(pixels, logits);
}
