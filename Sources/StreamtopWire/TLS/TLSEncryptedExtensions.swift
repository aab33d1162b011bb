/// EncryptedExtensions (RFC 8446 section 4.3.1): `extensions<0..2^16-1>`, the server's answers that TLS 1.3 hides.
package struct TLSEncryptedExtensions: Equatable, Sendable {
    package var extensionTypes: [UInt16] = []
    package var alpnBytes: [UInt8]?
    /// The server takes the early data (RFC 8446 section 4.2.10).
    package var acceptsEarlyData = false
    package var srtpProfile: UInt16?
    /// quic_transport_parameters as sent (RFC 9001 section 8.2).
    package var quicTransportParameters: [UInt8]?

    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        var extensions = try reader.tlsVector(lengthBytes: 2)
        while extensions.remaining >= 4 {  // each round takes at least four bytes
            let type = extensions.uint16()
            var body = try extensions.tlsVector(lengthBytes: 2)
            extensionTypes.append(type)
            switch type {
            case TLSExtensionType.alpn: alpnBytes = body.tlsNameList().first
            case TLSExtensionType.earlyData: acceptsEarlyData = true
            case TLSExtensionType.useSRTP: srtpProfile = body.tlsUInt16List(lengthBytes: 2).first
            case TLSExtensionType.quicTransportParameters, TLSExtensionType.draftQUICTransportParameters:
                quicTransportParameters = body.copy(body.remaining)
            default: break
            }
        }
    }

    package var alpn: String? { alpnBytes.map { String(decoding: $0, as: UTF8.self) } }
}
