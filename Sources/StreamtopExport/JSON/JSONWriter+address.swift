import StreamtopBase

extension JSONWriter {
    /// An address as text, in the canonical form of RFC 5952 for IPv6.
    mutating func member(_ name: StaticString, _ address: IPAddress) {
        key(name)
        self.address(address)
    }

    mutating func address(_ address: IPAddress) {
        startValue()
        let text = address.characters
        bytes.append(quoting: text.ascii, count: text.count)
    }
}
