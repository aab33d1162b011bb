/// Puts one line of a message together whose bytes may come in pieces, up to a length; what is longer is cut.
struct HTTP1LineAssembler: Equatable, Sendable {
    /// Longest line kept. Servers refuse longer ones by default (8 KiB).
    static let lineLimit = 16_384

    private(set) var bytes: [UInt8] = []
    private(set) var isCut = false
    /// Bytes of the line so far, on the wire.
    private(set) var length = 0

    init() {}

    /// Memory of the line in progress.
    var heldBytes: Int { bytes.capacity }

    /// Takes bytes up to the end of the line. True with it: `bytes` is the line, without its end.
    @_lifetime(reader: copy reader)
    mutating func take(_ reader: inout ByteReader) -> Bool {
        let distance = reader.distance(to: 0x0a)
        let count = distance ?? reader.remaining
        let available = Self.lineLimit - bytes.count
        if count > available { isCut = true }
        length += count
        reader.append(min(count, available), to: &bytes)
        if count > available { reader.skip(count - available) }
        guard distance != nil else { return false }
        reader.skip(1)
        length += 1
        if bytes.last == 0x0d { bytes.removeLast() }
        return true
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1_024)
        isCut = false
        length = 0
    }
}
