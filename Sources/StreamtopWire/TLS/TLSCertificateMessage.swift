/// Certificate (RFC 8446 section 4.4.2; before TLS 1.3 RFC 5246 section 7.4.2): the chain, each certificate in DER.
///
///     TLS 1.3:  request_context<0..255> list<0..2^24-1> of { data<1..2^24-1> extensions<0..2^16-1> }
///     before:   list<0..2^24-1> of data<1..2^24-1>
package struct TLSCertificateMessage: Equatable, Sendable {
    /// Chains are 2 to 4 long; more than this are counted, not kept.
    package static var certificateCapacity: Int { 16 }

    /// DER of each certificate, the end entity's first.
    package var certificates: [[UInt8]] = []
    /// Certificates in the message, kept or not.
    package var count = 0
    /// Bytes of the whole list, lengths included.
    package var listLength = 0

    package init(decoding reader: inout ByteReader, version13: Bool) throws(DecodeError) {
        if version13 { _ = try reader.tlsVector(lengthBytes: 1) }
        var list = try reader.tlsVector(lengthBytes: 3)
        listLength = list.remaining
        while !list.isAtEnd {  // each round takes at least three bytes, or throws
            var data = try list.tlsVector(lengthBytes: 3)
            if version13 { _ = try list.tlsVector(lengthBytes: 2) }
            count += 1
            if certificates.count < Self.certificateCapacity { certificates.append(data.copy(data.remaining)) }
        }
    }
}
