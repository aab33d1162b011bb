/// Trailer of an SRTCP packet (RFC 3711 section 3.4): `E(1) index(31)`, then [MKI] and the authentication tag. With an AEAD
/// profile the tag belongs to the ciphertext and the word is last (RFC 7714 section 9.1).
package struct SecureRTCPTrailer: Equatable, Sendable, BitwiseCopyable {
    package static var wordLength: Int { 4 }

    /// 0: the packet is authenticated but clear.
    package var isEncrypted: Bool
    package var index: UInt32
    /// Bytes of RTCP, or of its ciphertext with the tag in AEAD profiles, before the word.
    package var contentLength: Int

    /// `tagLength` bytes of tag stand behind the word: 10 or 4 with HMAC-SHA1, 0 with AEAD. nil where there is no room.
    package init?(_ packet: RawSpan, tagLength: Int) {
        let position = packet.byteCount - tagLength - Self.wordLength
        // The header and the sender's SSRC are clear and always there.
        guard tagLength >= 0, position >= 8, let word = ByteReader(packet).peekUInt32(ahead: position) else {
            return nil
        }
        isEncrypted = word & 0x8000_0000 != 0
        index = word & 0x7fff_ffff
        contentLength = position
    }

    /// Lengths of tag that profiles have, longest first (RFC 5764 section 4.1.2, RFC 7714).
    package static var tagLengths: [Int] { [10, 4, 0] }

    /// The length of clear RTCP in a packet that is authenticated only: the whole compound must parse with the trailer of
    /// one known profile behind it. nil where it does not.
    package static func clearLength(of packet: RawSpan) -> Int? {
        for tag in tagLengths {
            // The AEAD profiles keep their 16-byte tag before the word even when nothing is encrypted (RFC 7714 section 9.3).
            guard let trailer = SecureRTCPTrailer(packet, tagLength: tag), !trailer.isEncrypted else { continue }
            let length = tag == 0 ? trailer.contentLength - 16 : trailer.contentLength
            if length >= 8, RTCPPackets.fill(packet.extracting(0..<length)) { return length }
        }
        return nil
    }
}
