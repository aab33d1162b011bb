// Unsafe by nature: this file calls zlib. The proof: `stream` is one live z_stream from init to deinit (zlib keeps its
// address, so it does not move); the buffers passed in are alive for the call and counted exactly.
import CZlib

/// Unpacks gzip data (RFC 1952), any number of members one after the other.
@safe
struct Inflater: ~Copyable {
    enum Step: Equatable {
        case more
        /// A member is complete.
        case memberEnd
        case broken
    }

    private let stream: UnsafeMutablePointer<z_stream>

    init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 bits of window, +16: gzip wrapping only.
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Unpacks from `input` into `output`; says how many bytes of each were used.
    mutating func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> (used: Int, made: Int, step: Step) {
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
        let before = unsafe (input: stream.pointee.avail_in, output: stream.pointee.avail_out)
        let result = unsafe inflate(stream, Z_NO_FLUSH)
        let used = unsafe Int(before.input - stream.pointee.avail_in)
        let made = unsafe Int(before.output - stream.pointee.avail_out)
        switch result {
        case Z_STREAM_END: return (used, made, .memberEnd)
        case Z_OK, Z_BUF_ERROR: return (used, made, .more)
        default: return (used, made, .broken)
        }
    }

    /// Makes ready for the next member.
    mutating func restart() { unsafe inflateReset(stream) }
}
