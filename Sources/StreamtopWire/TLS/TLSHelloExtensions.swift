import StreamtopBase

/// What both hellos do with their extensions (RFC 8446 section 4.2): a list of type, length and body.
protocol TLSHelloExtensions {
    /// Types in the order sent.
    var extensionTypes: [UInt16] { get set }
    /// The list is not what its lengths say; what came before that is kept.
    var extensionsMalformed: Bool { get set }

    mutating func take(extension type: UInt16, _ body: inout ByteReader)
}

extension TLSHelloExtensions {
    /// Takes the extensions at the end of a hello. SSL 3.0 and old TLS have none.
    mutating func takeExtensions(_ reader: inout ByteReader) {
        guard reader.remaining >= 2 else { return }
        let announced = Int(reader.uint16())
        extensionsMalformed = announced > reader.remaining
        var extensions = reader.reader(of: announced)
        while extensions.remaining >= 4 {  // each round takes at least four bytes
            let type = extensions.uint16()
            let length = Int(extensions.uint16())
            guard length <= extensions.remaining else {
                extensionsMalformed = true
                return
            }
            extensionTypes.append(type)
            var body = extensions.reader(of: length)
            take(extension: type, &body)
        }
        if !extensions.isAtEnd { extensionsMalformed = true }
    }
}
