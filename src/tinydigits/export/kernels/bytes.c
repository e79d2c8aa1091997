static NOINLINE int32_t window_of_bytes(const Convolution *layer, const uint8_t *input, int y, int x,
                                        const int8_t *weights)
{
    int32_t sum = 0;
    for (int ky = 0; ky < layer->kernel_height; ky++)
        for (int kx = 0; kx < layer->kernel_width; kx++, weights += layer->depth)
            if (y + ky >= 0 && y + ky < layer->height && x + kx >= 0 && x + kx < layer->width) {
                const uint8_t *values = input + (y + ky) * layer->pitch + (x + kx) * layer->channels;
                for (unsigned channel = 0; channel < layer->depth; channel++)
                    sum += values[channel] * weights[channel];
            }
    return sum;
}

static void convolve_bytes(const Convolution *layer, const uint8_t *input, uint8_t *output, int32_t *logits)
{
    const int8_t *weights = layer->weights;
    const unsigned count = (unsigned)layer->kernel_height * layer->kernel_width * layer->depth;
    for (unsigned filter = 0, beside = 0; filter < layer->filters; filter++, weights += count) {
        uint8_t *place = output + filter;
        for (int y = 0; y < layer->rows; y++)
            for (int x = 0; x < layer->columns; x++, place += layer->filters) {
                int32_t best = INT32_MIN;
                for (int pool_y = 0; pool_y < layer->pool_height; pool_y++)
                    for (int pool_x = 0; pool_x < layer->pool_width; pool_x++) {
                        int32_t sum = window_of_bytes(
                            layer, input, (y * layer->pool_height + pool_y) * layer->stride_y - layer->top,
                            (x * layer->pool_width + pool_x) * layer->stride_x - layer->left, weights);
                        best = sum > best ? sum : best;
                    }
                store(layer, filter, best, place, logits);
            }
        if (++beside == layer->group) {
            beside = 0;
            input += layer->depth;
        }
    }
}
