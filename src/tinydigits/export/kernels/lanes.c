/* A sum as it is by now: what GCC would else do at once needs more registers than a Cortex-M0 has. */
#ifdef __GNUC__
#define SUMMED(sum) __asm__("" : "+r"(sum))
#else
#define SUMMED(sum) ((void)0)
#endif

/* Adds what is in both lanes to the sums. */
static void take(uint32_t lanes, int32_t sums[2])
{
    int32_t low = (int16_t)(lanes & 0xffff);
    sums[0] += low;
    sums[1] += (int16_t)((lanes - (uint32_t)low) >> 16);
}

/* Two filters at once: a byte times a word that holds two weights, 16 bits apart, is two products. And two windows at
 * once, so that a word is loaded for both: sums[0] and sums[1] are those of the first one. */
static NOINLINE void two_windows(const Convolution *layer, const uint8_t *first, const uint8_t *second,
                                 const uint32_t *tap, int32_t sums[4])
{
    const unsigned row = (unsigned)layer->kernel_width * layer->channels;
    sums[0] = sums[1] = sums[2] = sums[3] = 0;
    for (unsigned y = 0; y < layer->kernel_height; y += layer->together) {
        unsigned x = 0, count;
        do {
            uint32_t one = 0, other = 0;
            count = row - x < layer->run ? row - x : layer->run;
            for (unsigned rows = layer->together; rows; rows--) {
                const uint8_t *end = first + (count & ~3u);
                for (; first != end; first += 4, second += 4, tap += 4) {
                    one += first[0] * tap[0];
                    SUMMED(one);
                    other += second[0] * tap[0];
                    SUMMED(other);
                    one += first[1] * tap[1];
                    SUMMED(one);
                    other += second[1] * tap[1];
                    SUMMED(other);
                    one += first[2] * tap[2];
                    SUMMED(one);
                    other += second[2] * tap[2];
                    SUMMED(other);
                    one += first[3] * tap[3];
                    SUMMED(one);
                    other += second[3] * tap[3];
                    SUMMED(other);
                }
                for (end += count & 3; first != end; tap++) {
                    one += *first++ * *tap;
                    SUMMED(one);
                    other += *second++ * *tap;
                }
                if (x + count == row) {
                    first += layer->pitch - row;
                    second += layer->pitch - row;
                }
            }
            take(one, sums);
            take(other, sums + 2);
            x += count;
        } while (x < row);
    }
}

/* Weights of two filters as words of two lanes; where the next ones are. With 4 bits a byte holds one of each filter.
 * With 2, which are −1, 0 and 1, it holds five of one filter, as a fraction of 256: times three, what is whole is the
 * next of them, and what is left holds the others. */
static NOINLINE const uint8_t *unpack(const uint8_t *packed, unsigned bits, uint32_t *tap, unsigned count)
{
    const uint32_t *end = tap + count;
    while (tap != end)
        if (bits == 4) {
            *tap++ = (*packed & 15u) + (uint32_t)(*packed >> 4 << 16) - 0x80008u;
            packed++;
        } else {
            uint32_t both = packed[0] | (uint32_t)packed[1] << 16;
            const uint32_t *next = end - tap > 5 ? tap + 5 : end;
            for (packed += 2; tap != next; both &= 0xff00ffu) {
                both *= 3;
                *tap++ = (both >> 8 & 0x30003u) - 0x10001u;
            }
        }
    return packed;
}

/* Takes two windows at once, in the order of the outputs that are maxima of them; of an odd number the first one is
 * taken twice, which changes no maximum. `taps` has room for a filter. */
static void convolve(const Convolution *layer, const uint8_t *input, uint8_t *output, uint32_t *taps, int32_t *logits)
{
    const uint8_t *packed = layer->weights;
    const unsigned count = (unsigned)layer->kernel_height * layer->kernel_width * layer->channels;
    const unsigned step = (unsigned)layer->stride_x * layer->channels, line = (unsigned)layer->stride_y * layer->pitch;
    const unsigned pooled = (unsigned)layer->pool_height * layer->pool_width;
    const unsigned odd = pooled & layer->rows & layer->columns & 1;
    for (unsigned filter = 0; filter < layer->filters; filter += 2) {
        uint8_t *place = output + filter;
        const uint8_t *waiting = odd ? input : 0, *at_y = input;
        unsigned missing = pooled + odd;
        int32_t best[2] = {INT32_MIN, INT32_MIN};
        packed = unpack(packed, layer->bits, taps, count);
        for (unsigned y = layer->rows; y; y--, at_y += layer->pool_height * line) {
            const uint8_t *at_x = at_y;
            for (unsigned x = layer->columns; x; x--, at_x += layer->pool_width * step) {
                const uint8_t *at_row = at_x;
                for (unsigned pool_y = layer->pool_height; pool_y; pool_y--, at_row += line) {
                    const uint8_t *window = at_row;
                    for (unsigned pool_x = layer->pool_width; pool_x; pool_x--, window += step) {
                        int32_t sums[4];
                        if (!waiting) {
                            waiting = window;
                            continue;
                        }
                        two_windows(layer, waiting, window, taps, sums);
                        waiting = 0;
                        for (const int32_t *sum = sums; sum != sums + 4; sum += 2) {
                            best[0] = sum[0] > best[0] ? sum[0] : best[0];
                            best[1] = sum[1] > best[1] ? sum[1] : best[1];
                            if (--missing)
                                continue;
                            store(layer, filter, best[0], place, logits);
                            if (filter + 1 < layer->filters)
                                store(layer, filter + 1, best[1], place + 1, logits);
                            best[0] = best[1] = INT32_MIN;
                            missing = pooled;
                            place += layer->filters;
                        }
                    }
                }
            }
        }
    }
}
