/// Tells whether a datagram is a packet of SCTP.
package enum SCTPProbe {
    /// Ports and a first chunk that fits, and a checksum that is right: over UDP on any port nothing else passes (RFC 6951).
    /// Inside DTLS the checksum may be left out (RFC 9653), and little else can be there.
    package static func isPacket(_ packet: RawSpan, isInDTLS: Bool) -> Bool {
        var reader = ByteReader(packet)
        // Every datagram that nobody else takes is asked: the type of its first chunk tells nearly all others.
        guard packet.byteCount % 4 == 0, let first = reader.peekUInt8(ahead: SCTPCommonHeader.length),
            SCTPChunkType(rawValue: first).isKnown, let header = try? SCTPCommonHeader(decoding: &reader),
            reader.remaining >= 4
        else { return false }
        let type = SCTPChunkType(rawValue: reader.uint8())
        reader.skip(1)
        let length = Int(reader.uint16())
        guard type.isKnown, length >= SCTPChunkHeader.fixedLength,
            length - SCTPChunkHeader.fixedLength <= reader.remaining
        else { return false }
        return (isInDTLS && header.checksum == 0) || SCTPCommonHeader.isSound(packet)
    }
}
