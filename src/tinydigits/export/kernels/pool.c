typedef struct {
    uint8_t width, channels, rows, columns, kernel_height, kernel_width, stride_y, stride_x;
    int32_t multiplier, bias; /* of the sum of a window; with the input's zero in it */
    uint8_t maximum, shift, zero;
} Pool;

static void pool(const Pool *layer, const uint8_t *input, uint8_t *output, int32_t *logits)
{
    for (unsigned y = 0; y < layer->rows; y++)
        for (unsigned x = 0; x < layer->columns; x++)
            for (unsigned channel = 0; channel < layer->channels; channel++, output++) {
                int32_t sum = 0, most = 0, product;
                for (unsigned ky = 0; ky < layer->kernel_height; ky++)
                    for (unsigned kx = 0; kx < layer->kernel_width; kx++) {
                        unsigned pixel = (y * layer->stride_y + ky) * layer->width + x * layer->stride_x + kx;
                        int32_t value = input[pixel * layer->channels + channel];
                        sum += value;
                        most = value > most ? value : most;
                    }
                product = sum * layer->multiplier + layer->bias;
                if (logits)
                    logits[channel] = product;
                else
                    *output = layer->maximum ? (uint8_t)most : byte_of(product, layer->shift, layer->zero);
            }
}
