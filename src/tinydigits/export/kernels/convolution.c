typedef struct {
    const void *weights;
    const uint8_t *multipliers;
    const Bias *bias;               /* with the input's zero in it */
    uint16_t pitch;                 /* bytes of a row of the input */
    uint16_t run;                   /* taps of a row whose products fit a lane, */
    uint8_t together;               /* and of as many rows: more than one only where `run` is a whole row */
    uint8_t channels;               /* of the input */
    uint8_t rows, columns, filters; /* of the output, after pooling */
    uint8_t kernel_height, kernel_width, stride_y, stride_x, pool_height, pool_width;
    uint8_t shift, zero, bits, group; /* filters that share the same channels, as many as depth: */
    uint8_t depth;
} Convolution;

/* A filter's last step: (sum + bias) × multiplier, rounded, and the zero; or a logit, which has no shift. */
static NOINLINE void store(const Convolution *layer, unsigned filter, int32_t sum, uint8_t *output, int32_t *logits)
{
    int32_t product = (sum + layer->bias[filter]) * layer->multipliers[filter];
    if (logits)
        logits[filter] = product;
    else
        *output = byte_of(product, layer->shift, layer->zero);
}
