import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// The integrity tag of Retry packets (RFC 9001 section 5.8).
enum QUICRetryTag {
    /// Whether the tag of `packet` fits the Destination Connection ID that the client first chose; nil for versions whose
    /// Retry key we do not have and for packets without a tag.
    static func isValid(_ packet: RawSpan, version: QUICVersion, original: QUICConnectionID) -> Bool? {
        guard let secret = QUICSalt.retry(version), packet.byteCount >= 16,
            var key = AEADKey(.aes128GCM, key: secret.key, iv: secret.nonce)
        else { return nil }
        var reader = ByteReader(packet)
        var pseudo: [UInt8] = [original.length]
        pseudo += original.bytes
        pseudo += reader.copy(packet.byteCount - 16)
        var nothing: [UInt8] = []
        return key.open(
            number: 0, additionalData: unsafe pseudo.span.bytes, ciphertext: reader.restSpan, into: &nothing)
    }
}
