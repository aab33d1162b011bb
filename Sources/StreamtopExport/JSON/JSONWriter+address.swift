import StreamtopBase

extension JSONWriter {
    /// An address as text, in the canonical form of RFC 5952 for IPv6.
    mutating func member(_ name: StaticString, _ address: IPAddress) {
        key(name)
        self.address(address)
    }

    mutating func address(_ address: IPAddress) {
        guard address.isIPv4 else { return string(address.description) }
        startValue()
        put(UInt8(ascii: "\""))
        for shift in [UInt64](arrayLiteral: 24, 16, 8) {
            digits(address.low >> shift & 255)
            put(UInt8(ascii: "."))
        }
        digits(address.low & 255)
        put(UInt8(ascii: "\""))
    }
}
