// Unsafe by nature: this file calls libnghttp3. The proof: `decoder` and `context` are live from init to deinit and owned
// by this non-copyable value alone; bytes passed in are borrowed for the call and counted exactly; the buffers of a field
// are read only between the call that hands them out and their `decref`, with the length the library gives.

internal import CNghttp3

/// The decoding half of QPACK for one direction of a connection (RFC 9204), done by libnghttp3: its dynamic table is fed
/// by the encoder stream, its field sections come from requests or responses.
@safe
package struct QPACKDecoder: ~Copyable, @unchecked Sendable {
    /// Largest dynamic table that is followed. An endpoint that allows more is rare; sections that use its table are
    /// then not decoded.
    package static let tableCapacity = 262_144
    /// Bounds of one section: what is beyond is decoded, for the table's sake, and dropped.
    static let fieldCapacity = 128
    static let fieldByteCapacity = 65_536

    private let decoder: OpaquePointer
    private let context: OpaquePointer
    /// The encoder stream or a section broke the rules, which ends a connection (RFC 9204 section 2.2): this decoder
    /// decodes nothing any more.
    package private(set) var isBroken = false

    /// A decoder whose owner allowed its peer a table of `capacity` bytes (SETTINGS_QPACK_MAX_TABLE_CAPACITY); nil when
    /// that is beyond `tableCapacity`.
    /// C functions: `nghttp3_qpack_decoder_new`, `nghttp3_qpack_stream_context_new`.
    package init?(capacity: UInt64) {
        guard capacity <= UInt64(Self.tableCapacity) else { return nil }
        var created: OpaquePointer?
        guard unsafe nghttp3_qpack_decoder_new(&created, Int(capacity), 65_536, nghttp3_mem_default()) == 0,
            let made = unsafe created
        else { return nil }
        var section: OpaquePointer?
        guard unsafe nghttp3_qpack_stream_context_new(&section, 0, nghttp3_mem_default()) == 0,
            let index = unsafe section
        else {
            unsafe nghttp3_qpack_decoder_del(made)
            return nil
        }
        unsafe decoder = made
        unsafe context = index
    }

    deinit {
        unsafe nghttp3_qpack_stream_context_del(context)
        unsafe nghttp3_qpack_decoder_del(decoder)
    }

    /// Entries ever inserted into the table (RFC 9204 section 2.1.4).
    /// C function: `nghttp3_qpack_decoder_get_icnt`.
    package var insertCount: UInt64 { unsafe nghttp3_qpack_decoder_get_icnt(decoder) }

    /// Takes the next bytes of the encoder stream; false once it broke the rules.
    /// C function: `nghttp3_qpack_decoder_read_encoder`.
    package mutating func readEncoderStream(_ bytes: RawSpan) -> Bool {
        guard !isBroken else { return false }
        guard bytes.byteCount > 0 else { return true }
        let taken = unsafe bytes.withUnsafeBytes { source in
            unsafe nghttp3_qpack_decoder_read_encoder(
                decoder, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count)
        }
        if taken != bytes.byteCount { isBroken = true }
        return !isBroken
    }

    package enum Outcome: Equatable, Sendable {
        case fields([HTTPField])
        /// The section needs this many insertions, which have not all come.
        case blocked(until: UInt64)
        case malformed
    }

    /// Decodes a whole field section.
    /// C functions: `nghttp3_qpack_decoder_read_request`, `nghttp3_qpack_stream_context_get_ricnt`,
    /// `nghttp3_qpack_stream_context_reset`.
    package mutating func decode(_ section: RawSpan) -> Outcome {
        unsafe nghttp3_qpack_stream_context_reset(context)
        var fields: [HTTPField] = []
        var kept = 0
        var position = 0
        while true {  // each pass takes a byte, or ends
            var pair = unsafe nghttp3_qpack_nv()
            var flags: UInt8 = 0
            let rest = section.extracting(position..<section.byteCount)
            let taken = unsafe rest.withUnsafeBytes { source in
                unsafe nghttp3_qpack_decoder_read_request(
                    decoder, context, &pair, &flags, source.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    source.count, 1)
            }
            guard taken >= 0 else {
                isBroken = true
                return .malformed
            }
            position += min(taken, rest.byteCount)
            if flags & UInt8(NGHTTP3_QPACK_DECODE_FLAG_EMIT) != 0 {
                let field = unsafe Self.take(&pair)
                kept += field.name.utf8.count + field.value.utf8.count
                if fields.count < Self.fieldCapacity, kept <= Self.fieldByteCapacity { fields.append(field) }
            }
            if flags & UInt8(NGHTTP3_QPACK_DECODE_FLAG_BLOCKED) != 0 {
                return .blocked(until: unsafe nghttp3_qpack_stream_context_get_ricnt(context))
            }
            if flags & UInt8(NGHTTP3_QPACK_DECODE_FLAG_FINAL) != 0 {
                dropAcknowledgments()
                return .fields(fields)
            }
            if taken == 0, flags & UInt8(NGHTTP3_QPACK_DECODE_FLAG_EMIT) == 0 { return .malformed }
        }
    }

    /// Copies a decoded field and gives its buffers back.
    /// C functions: `nghttp3_rcbuf_get_buf`, `nghttp3_rcbuf_decref`.
    private static func take(_ pair: inout nghttp3_qpack_nv) -> HTTPField {
        let field = unsafe HTTPField(text(pair.name), text(pair.value))
        unsafe nghttp3_rcbuf_decref(pair.name)
        unsafe nghttp3_rcbuf_decref(pair.value)
        return field
    }

    private static func text(_ buffer: OpaquePointer?) -> String {
        guard let buffer = unsafe buffer else { return "" }
        let bytes = unsafe nghttp3_rcbuf_get_buf(buffer)
        return unsafe String(decoding: UnsafeBufferPointer(start: bytes.base, count: bytes.len), as: UTF8.self)
    }

    /// The library also writes what a real decoder would answer; nobody wants to know, and unread it would grow.
    /// C functions: `nghttp3_qpack_decoder_get_decoder_streamlen`, `nghttp3_qpack_decoder_write_decoder`.
    private func dropAcknowledgments() {
        let length = unsafe nghttp3_qpack_decoder_get_decoder_streamlen(decoder)
        guard length > 0 else { return }
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length) { buffer in
            guard let start = buffer.baseAddress else { return }
            var buffer = unsafe nghttp3_buf(begin: start, end: start + length, pos: start, last: start)
            unsafe nghttp3_qpack_decoder_write_decoder(decoder, &buffer)
        }
    }
}
