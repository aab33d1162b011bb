import StreamtopBase

/// ServerKeyExchange before TLS 1.3 (RFC 8422 section 5.4, RFC 5246 section 7.4.3, RFC 4279): the group, and who signed how.
package struct TLSServerKeyExchange: Equatable, Sendable {
    /// How a cipher suite exchanges keys, as far as it shapes this message.
    package enum Kind: Equatable, Sendable {
        case ellipticCurve, finiteField, other

        package init(cipherSuite: TLSCipherSuite) {
            let name = cipherSuite.name ?? ""
            self = name.containsASCII("_ECDHE_") || name.containsASCII("_ECDH_anon") ? .ellipticCurve : .other
            if name.containsASCII("_DHE_") || name.containsASCII("_DH_anon") { self = .finiteField }
        }
    }

    /// Named group of an elliptic-curve exchange.
    package var group: UInt16?
    /// Bits of the prime in a finite-field exchange.
    package var primeBits: Int?
    /// TLS 1.2 only: scheme of the signature.
    package var signatureScheme: UInt16?

    package init(decoding reader: inout ByteReader, cipherSuite: TLSCipherSuite, version: TLSVersion)
        throws(DecodeError)
    {
        if cipherSuite.name?.containsASCII("_PSK_") ?? false { _ = try reader.tlsVector(lengthBytes: 2) }
        switch Kind(cipherSuite: cipherSuite) {
        case .ellipticCurve:
            try reader.require(3, in: .tlsHandshake)
            let curveType = reader.uint8()
            guard curveType == 3 else { throw reader.unsupported(.tlsHandshake, UInt32(curveType)) }  // named_curve
            group = reader.uint16()
            _ = try reader.tlsVector(lengthBytes: 1)
        case .finiteField:
            primeBits = try reader.tlsVector(lengthBytes: 2).remaining * 8
            _ = try reader.tlsVector(lengthBytes: 2)
            _ = try reader.tlsVector(lengthBytes: 2)
        case .other: return
        }
        if version == .tls12 || version == .dtls12, reader.remaining >= 2 { signatureScheme = reader.uint16() }
    }
}

/// CertificateVerify (RFC 8446 section 4.4.3): only how it was signed.
package struct TLSCertificateVerify: Equatable, Sendable {
    package var signatureScheme: UInt16

    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(2, in: .tlsHandshake)
        signatureScheme = reader.uint16()
    }
}

/// Alert (RFC 8446 section 6): `level(1) description(1)`.
package struct TLSAlert: Equatable, Sendable {
    package var level: UInt8
    package var code: UInt8

    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(2, in: .tlsRecord)
        level = reader.uint8()
        code = reader.uint8()
    }

    /// close_notify: its sender will send no more (RFC 8446 section 6.1).
    package var isCloseNotify: Bool { code == 0 && levelName != nil }

    /// "warning", "fatal"; nil for a level that does not exist.
    package var levelName: String? { level == 1 ? "warning" : level == 2 ? "fatal" : nil }
}
