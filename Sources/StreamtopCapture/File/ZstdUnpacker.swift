// Unsafe by nature: this file calls libzstd. The proof: `stream` is a live decoder from init to deinit; the buffers passed
// in are alive for the call and counted exactly.
import CZstd

/// Unpacks Zstandard data (RFC 8878), any number of frames one after the other.
@safe
struct ZstdUnpacker: ~Copyable {
    private let stream: OpaquePointer
    /// A frame has begun and is not complete.
    private(set) var isInsideFrame = false

    init?() {
        guard let created = unsafe ZSTD_createDStream() else { return nil }
        unsafe stream = created
    }

    deinit { unsafe ZSTD_freeDStream(stream) }

    /// Unpacks from `input` into `output`; nil when the data is broken or wants more memory than zstd's own default.
    mutating func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> (used: Int, made: Int)? {
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = unsafe ZSTD_decompressStream(stream, &target, &source)
        guard ZSTD_isError(result) == 0 else { return nil }
        isInsideFrame = result != 0
        return unsafe (source.pos, target.pos)
    }
}
