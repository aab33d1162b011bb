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
        bytes.append(UInt8(ascii: "\""))
        bytes.append(decimal: address.low >> 24 & 255)
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: address.low >> 16 & 255)
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: address.low >> 8 & 255)
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: address.low & 255)
        bytes.append(UInt8(ascii: "\""))
    }
}
