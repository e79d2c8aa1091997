static NOINLINE int32_t window_of_bytes(const Convolution *layer, const uint8_t *input, const int8_t *weights)
{
    int32_t sum = 0;
    for (unsigned y = 0; y < layer->kernel_height; y++, input += layer->pitch)
        for (unsigned x = 0; x < layer->kernel_width; x++, weights += layer->depth)
            for (unsigned channel = 0; channel < layer->depth; channel++)
                sum += input[x * layer->channels + channel] * weights[channel];
    return sum;
}

static void convolve_bytes(const Convolution *layer, const uint8_t *input, uint8_t *output, int32_t *logits)
{
    const int8_t *weights = layer->weights;
    const unsigned count = (unsigned)layer->kernel_height * layer->kernel_width * layer->depth;
    for (unsigned filter = 0, beside = 0; filter < layer->filters; filter++, weights += count) {
        uint8_t *place = output + filter;
        for (unsigned y = 0; y < layer->rows; y++)
            for (unsigned x = 0; x < layer->columns; x++, place += layer->filters) {
                int32_t best = INT32_MIN;
                for (unsigned pool_y = 0; pool_y < layer->pool_height; pool_y++)
                    for (unsigned pool_x = 0; pool_x < layer->pool_width; pool_x++) {
                        const uint8_t *window = input +
                                                (y * layer->pool_height + pool_y) * layer->stride_y * layer->pitch +
                                                (x * layer->pool_width + pool_x) * layer->stride_x * layer->channels;
                        int32_t sum = window_of_bytes(layer, window, weights);
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
