// Unsafe by nature: this file calls zlib. The proof: `stream` is allocated and initialised by init, owned by this
// non-copyable value alone, and freed by deinit; zlib reads exactly `avail_in` bytes of a borrowed buffer and writes at most
// `avail_out` bytes of one that outlives the call.

internal import CZlib

/// Inflates the messages of one direction (RFC 7692 section 7.2.2), each in pieces of any size. With context takeover a
/// message may refer to those before it, so all of them must pass through.
@safe
package struct MessageInflater: ~Copyable, @unchecked Sendable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let forgets: Bool
    /// A message did not inflate, or is missing: later ones cannot be trusted.
    package private(set) var isBroken = false

    /// Memory of an inflater at most: its window and 7 KB of state (zlib's zconf.h).
    package static let heldBytes = 40 * 1024

    /// `windowBits`: 8 to 15; `forgets`: no context takeover. Nil when there is no memory.
    /// C function: `inflateInit2_`, raw deflate.
    package init?(forgets: Bool) {
        self.forgets = forgets
        let made = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe made.initialize(to: z_stream())
        // A window larger than agreed inflates the same.
        guard unsafe inflateInit2_(made, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            unsafe made.deallocate()
            return nil
        }
        unsafe stream = made
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// A part of a message is missing.
    package mutating func lose() { isBroken = true }

    /// Inflates the next bytes of a message; `body` gets what comes out, piece by piece.
    package mutating func inflate(_ bytes: [UInt8], _ body: ([UInt8]) -> Void) {
        guard !isBroken, !bytes.isEmpty else { return }
        var input = bytes
        unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe stream.pointee.next_in = source.baseAddress
            unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
            drain(body)
        }
    }

    /// The message is complete: its tail, which the sender left out, is put back (RFC 7692 section 7.2.2).
    package mutating func endMessage(_ body: ([UInt8]) -> Void) {
        inflate([0x00, 0x00, 0xff, 0xff], body)
        if forgets { _ = unsafe inflateReset(stream) }
    }

    /// C function: `inflate`, until it takes no more.
    private mutating func drain(_ body: ([UInt8]) -> Void) {
        while true {  // each pass fills a buffer or ends
            var status = Z_OK
            var available: UInt32 = 0
            let output = unsafe [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(buffer.count)
                status = unsafe CZlib.inflate(stream, Z_SYNC_FLUSH)
                available = unsafe stream.pointee.avail_out
                count = buffer.count - Int(available)
            }
            if !output.isEmpty { body(output) }
            switch status {
            case Z_OK: if unsafe stream.pointee.avail_in == 0, available > 0 { return }
            case Z_BUF_ERROR: return
            case Z_STREAM_END:
                // A final block ends the message early (section 7.2.3.4); more may follow.
                _ = unsafe inflateReset(stream)
                if unsafe stream.pointee.avail_in == 0 { return }
            default:
                isBroken = true
                return
            }
        }
    }
}
