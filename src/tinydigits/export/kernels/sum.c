typedef struct {
    const int32_t *first, *second; /* what both inputs are multiplied by */
    const int32_t *bias;           /* with the inputs' zeros in it */
    uint16_t pixels;
    uint8_t channels, step, shift, zero; /* step: 1 where there is a multiplier for each channel, else 0 */
} Sum;

/* `second` may be the first input again, with multipliers of 0; `output` may be one of both. */
static void add(const Sum *sum, const uint8_t *first, const uint8_t *second, uint8_t *output, int32_t *logits)
{
    for (unsigned pixel = 0; pixel < sum->pixels; pixel++)
        for (unsigned channel = 0; channel < sum->channels; channel++) {
            unsigned place = channel * sum->step;
            int32_t product = sum->first[place] * *first++ + sum->second[place] * *second++ + sum->bias[place];
            if (logits)
                logits[channel] = product;
            else
                *output++ = byte_of(product, sum->shift, sum->zero);
        }
}
