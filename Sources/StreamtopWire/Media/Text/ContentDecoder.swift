// Unsafe by nature: this file calls zlib and libbrotlidec. The proof: a state is made, used and freed within one call; both
// libraries read exactly the bytes of a borrowed buffer and write at most what the output buffer has room for.

internal import CBrotli
internal import CZlib

/// Content codings of HTTP (RFC 9110 section 8.4.1) for bodies that are read as text: manifests. The output is bounded, whatever
/// the input expands to.
package enum ContentCoding: String, Sendable, CaseIterable {
    case gzip, deflate
    case brotli = "br"

    /// By a Content-Encoding of one coding; nil for identity, several, or one that is not known.
    package init?(_ field: some StringProtocol) {
        switch field.lowercased().filter({ $0 != " " }) {
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        case "br": self = .brotli
        default: return nil
        }
    }

    /// The decoded bytes; nil where they are damaged or more than `limit`. An input cut short gives what it holds.
    package func decode(_ bytes: RawSpan, limit: Int) -> [UInt8]? {
        switch self {
        // 15 bits of window, with either a gzip or a zlib header told by itself.
        case .gzip: return Self.inflate(bytes, windowBits: 15 + 32, limit)
        // Some servers send "deflate" without the zlib header that RFC 9110 section 8.4.1.2 wants.
        case .deflate: return Self.inflate(bytes, windowBits: 15, limit) ?? Self.inflate(bytes, windowBits: -15, limit)
        case .brotli: return Self.decodeBrotli(bytes, limit)
        }
    }

    private static let piece = 16_384

    /// C functions: `inflateInit2_`, `inflate`, `inflateEnd`.
    private static func inflate(_ bytes: RawSpan, windowBits: Int32, _ limit: Int) -> [UInt8]? {
        // zlib remembers where its state lies: it must not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        defer { unsafe stream.deallocate() }
        guard unsafe inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { unsafe inflateEnd(stream) }
        var output: [UInt8] = []
        let isSound = unsafe bytes.withUnsafeBytes { source in
            unsafe stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
            while true {  // each pass gives output or ends
                var status = Z_OK
                let part = unsafe [UInt8](unsafeUninitializedCapacity: piece) { buffer, count in
                    unsafe stream.pointee.next_out = buffer.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(buffer.count)
                    status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                    count = unsafe buffer.count - Int(stream.pointee.avail_out)
                }
                output += part
                guard output.count <= limit else { return false }
                switch status {
                case Z_STREAM_END: return true
                case Z_OK: if part.isEmpty { return true }
                case Z_BUF_ERROR: return true
                default: return false
                }
            }
        }
        return isSound ? output : nil
    }

    /// C functions: `BrotliDecoderCreateInstance`, `BrotliDecoderDecompressStream`, `BrotliDecoderDestroyInstance`.
    private static func decodeBrotli(_ bytes: RawSpan, _ limit: Int) -> [UInt8]? {
        guard let state = unsafe BrotliDecoderCreateInstance(nil, nil, nil) else { return nil }
        defer { unsafe BrotliDecoderDestroyInstance(state) }
        var output: [UInt8] = []
        let isSound = unsafe bytes.withUnsafeBytes { source in
            var next = unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self)
            var left = source.count
            while true {  // each pass gives output or ends
                var status = BROTLI_DECODER_RESULT_ERROR
                let part = unsafe [UInt8](unsafeUninitializedCapacity: piece) { buffer, count in
                    var position = buffer.baseAddress
                    var available = buffer.count
                    status = unsafe BrotliDecoderDecompressStream(state, &left, &next, &available, &position, nil)
                    count = buffer.count - available
                }
                output += part
                guard output.count <= limit else { return false }
                switch status {
                case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: continue
                case BROTLI_DECODER_RESULT_SUCCESS, BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return true
                default: return false
                }
            }
        }
        return isSound ? output : nil
    }
}
