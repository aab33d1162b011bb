// Unsafe by nature: this file calls libnghttp2. The proof: `inflater` is live from init to deinit and owned by this
// non-copyable value alone; bytes passed in are borrowed for the call and counted exactly; the name and value of a field
// are copied before the next call, with the lengths the library gives.

internal import CNghttp2

/// The decoding half of HPACK for one direction of a connection (RFC 7541), done by libnghttp2: every header block of the
/// direction must pass through it, in order, for each may change the dynamic table.
@safe
package struct HPACKDecoder: ~Copyable, @unchecked Sendable {
    /// Largest dynamic table that is followed.
    package static let tableCapacity = 262_144
    /// Bounds of one block: what is beyond is decoded, for the table's sake, and dropped.
    static let fieldCapacity = 128
    static let fieldByteCapacity = 65_536

    private let inflater: OpaquePointer
    /// A block broke the rules or is missing: the table is not what the sender's is, and nothing is decoded any more.
    package private(set) var isBroken = false

    /// Memory of an empty decoder, as nghttp2 1.52 makes it, and of the entries of its table.
    package static let emptyBytes = 2_048

    /// Memory that it takes now. C function: `nghttp2_hd_inflate_get_dynamic_table_size`. Mutating, for it is asked where it lies in an
    /// optional, and that would be taken apart to read it.
    package mutating func heldBytes() -> Int {
        unsafe Self.emptyBytes + 2 * Int(clamping: nghttp2_hd_inflate_get_dynamic_table_size(inflater))
    }

    /// C function: `nghttp2_hd_inflate_new`. Nil when there is no memory.
    package init?() {
        var created: OpaquePointer?
        guard unsafe nghttp2_hd_inflate_new(&created) == 0, let made = unsafe created else { return nil }
        unsafe inflater = made
    }

    deinit { unsafe nghttp2_hd_inflate_del(inflater) }

    /// The receiver of the blocks allows a table of this size from now on (SETTINGS_HEADER_TABLE_SIZE, acknowledged).
    /// C function: `nghttp2_hd_inflate_change_table_size`.
    package mutating func setCapacity(_ bytes: UInt32) {
        guard !isBroken else { return }
        let size = min(Int(bytes), Self.tableCapacity)
        if unsafe nghttp2_hd_inflate_change_table_size(inflater, size) != 0 { isBroken = true }
    }

    /// A block is missing: later ones may refer to what it put into the table.
    package mutating func lose() { isBroken = true }

    /// Decodes a whole header block; nil when it broke the rules, or an earlier one did or is missing.
    /// C functions: `nghttp2_hd_inflate_hd2`, `nghttp2_hd_inflate_end_headers`.
    package mutating func decode(_ block: RawSpan) -> [HTTPField]? {
        guard !isBroken else { return nil }
        var fields: [HTTPField] = []
        var kept = 0
        var position = 0
        while true {  // each pass takes a byte or emits a field, of which a block has fewer than bytes, or ends
            var pair = unsafe nghttp2_nv()
            var flags: CInt = 0
            let rest = block.extracting(position..<block.byteCount)
            let taken = unsafe rest.withUnsafeBytes { source in
                unsafe nghttp2_hd_inflate_hd2(
                    inflater, &pair, &flags, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count, 1)
            }
            guard taken >= 0 else {
                isBroken = true
                return nil
            }
            position += min(taken, rest.byteCount)
            let isField = flags & CInt(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0
            if isField {
                kept += unsafe pair.namelen + pair.valuelen
                if fields.count < Self.fieldCapacity, kept <= Self.fieldByteCapacity {
                    unsafe fields.append(HTTPField(text(pair.name, pair.namelen), text(pair.value, pair.valuelen)))
                }
            }
            if flags & CInt(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                unsafe nghttp2_hd_inflate_end_headers(inflater)
                return fields
            }
            if taken == 0, !isField {
                isBroken = true
                return nil
            }
        }
    }

    private func text(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
        unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
