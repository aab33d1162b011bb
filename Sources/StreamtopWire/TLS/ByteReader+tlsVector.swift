import StreamtopBase

extension ByteReader {
    /// A variable-length vector of RFC 8446 section 3.4: its length in `lengthBytes` bytes (1 to 3), then that many bytes.
    /// Throws when the enclosing bytes end before the vector does.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    mutating func tlsVector(lengthBytes: Int) throws(DecodeError) -> ByteReader {
        try require(lengthBytes, in: .tlsHandshake)
        let length = Int(uint(size: lengthBytes))
        try require(length, in: .tlsHandshake)
        return reader(of: length)
    }

    /// All numbers of two bytes that are left; an odd last byte is ignored.
    @_lifetime(self: copy self)
    mutating func allUInt16() -> [UInt16] {
        var values: [UInt16] = []
        values.reserveCapacity(remaining / 2)
        while remaining >= 2 { values.append(uint16()) }  // each round takes two bytes
        return values
    }

    /// The 32 bytes of a hello's random; zeros past the end.
    @_lifetime(self: copy self)
    mutating func helloRandom() -> HelloRandom {
        let first = uint64()
        let second = uint64()
        let third = uint64()
        return HelloRandom(first, second, third, uint64())
    }
}
