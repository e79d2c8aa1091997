/* On an emulated chip: logits of all images in images.bin to logits.bin; to counts.bin, as uint32, the instructions of
 * all calls and the bytes of stack that they take. Files are those of the emulator's host, by semihosting. */
#include "digits.h"

extern uint32_t stack_bottom[];

/* The host knows the call by its three instructions, which must lie in one page. */
__attribute__((noinline, aligned(64))) static uint32_t host(uint32_t operation, const void *argument)
{
#ifdef __arm__
    register uint32_t result __asm__("r0") = operation;
    register const void *given __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(given) : "memory");
#else
    register uint32_t result __asm__("a0") = operation;
    register const void *given __asm__("a1") = argument;
    __asm__ volatile(".option push\n.option norvc\nslli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n"
                     ".option pop"
                     : "+r"(result)
                     : "r"(given)
                     : "memory");
#endif
    return result;
}

enum { OPEN = 1, WRITE = 5, READ = 6, EXIT = 0x18, READ_BINARY = 1, WRITE_BINARY = 5 };

static uint32_t open_file(const char *name, uint32_t length, uint32_t mode)
{
    uint32_t block[3] = {(uint32_t)name, mode, length};
    return host(OPEN, block);
}

static uint32_t transfer(uint32_t operation, uint32_t file, const void *bytes, uint32_t count)
{
    uint32_t block[3] = {file, (uint32_t)bytes, count};
    return host(operation, block); /* what is left */
}

#ifdef __arm__
enum { TIMER = 0xffffff };
#else
#define TIMER 0xffffffffu
#endif

/* With one instruction a nanosecond of emulated time, the Cortex-M's own timer counts down once in 1 / its clock. */
static uint32_t now(void)
{
#ifdef __arm__
    volatile uint32_t *timer = (volatile uint32_t *)0xe000e010u;
    if (!(timer[0] & 1)) {
        timer[1] = TIMER; /* reload */
        timer[2] = 0;
        timer[0] = 5; /* enable, the processor's clock */
    }
    return TIMER - timer[2];
#else
    uint32_t count;
    __asm__ volatile("csrr %0, minstret" : "=r"(count));
    return count;
#endif
}

int main(void)
{
    static uint8_t pixels[784];
    int32_t logits[10];
    uint32_t counts[2] = {0, 0};
    const uint32_t images = open_file("images.bin", 10, READ_BINARY), answers = open_file("logits.bin", 10, WRITE_BINARY);
    volatile uint32_t *word = stack_bottom;
    uint32_t here;
    while ((uintptr_t)word < (uintptr_t)&here - 128)
        *word++ = 0xa5a5a5a5u;
    while (transfer(READ, images, pixels, sizeof pixels) == 0) {
        const uint32_t start = now();
        (void)tinydigits_classify(pixels, logits);
        counts[0] += (now() - start) & TIMER;
        (void)transfer(WRITE, answers, logits, sizeof logits);
    }
    for (word = stack_bottom; *word == 0xa5a5a5a5u;)
        word++;
    counts[1] = (uint32_t)((uintptr_t)&here - (uintptr_t)word);
    (void)transfer(WRITE, open_file("counts.bin", 10, WRITE_BINARY), counts, sizeof counts);
    (void)host(EXIT, (const void *)0x20026u);
    for (;;) {
    }
}

#ifdef __arm__
extern uint32_t stack_top[];
void reset(void);
void reset(void)
{
    (void)main();
}
static const struct {
    const void *stack;
    void (*reset)(void);
} vectors __attribute__((section(".start"), used)) = {stack_top, reset};
#else
__asm__(".section .start\n.globl _start\n_start:\nla sp, stack_top\ncall main\n");
#endif
