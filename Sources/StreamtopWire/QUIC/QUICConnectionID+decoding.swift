import StreamtopBase

extension QUICConnectionID {
    /// Reads `length` bytes, which the caller has required; nil when that is more than an ID can have.
    @_lifetime(reader: copy reader)
    package init?(_ reader: inout ByteReader, length: Int) {
        guard length <= Self.maximumLength, length >= 0, reader.remaining >= length else { return nil }
        self.init()
        for _ in 0..<length { append(reader.uint8()) }
    }
}
