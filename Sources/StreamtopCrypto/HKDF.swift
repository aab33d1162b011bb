/// HMAC-based key derivation (RFC 5869) and its TLS 1.3 form (RFC 8446 section 7.1).
package struct HKDF: Sendable {
    package var hash: HashAlgorithm

    package init(_ hash: HashAlgorithm) { self.hash = hash }

    /// HKDF-Extract(salt, IKM): one digest of pseudorandom key.
    package func extract(salt: [UInt8], _ secret: [UInt8]) -> [UInt8] {
        hash.hmac(key: salt, secret)
    }

    /// HKDF-Expand(PRK, info, L): `length` bytes, at most 255 digests (RFC 5869 section 2.3).
    package func expand(_ key: [UInt8], info: [UInt8], length: Int) -> [UInt8] {
        guard length > 0, length <= 255 * hash.digestLength else { return [] }
        var output: [UInt8] = []
        output.reserveCapacity(length + hash.digestLength)
        var block: [UInt8] = []
        var counter: UInt8 = 0
        while output.count < length {
            counter += 1  // at most 255 rounds, by the guard above
            block = hash.hmac(key: key, block + info, [counter])
            guard !block.isEmpty else { return [] }
            output += block
        }
        output.removeLast(output.count - length)
        return output
    }

    /// HKDF-Expand-Label(Secret, Label, Context, Length). `prefix` is "tls13 " for TLS and QUIC, "dtls13" for DTLS 1.3
    /// (RFC 9147 section 5.9).
    package func expandLabel(
        _ secret: [UInt8], _ label: String, context: [UInt8] = [], length: Int, prefix: String = "tls13 "
    ) -> [UInt8] {
        let full = Array(prefix.utf8) + Array(label.utf8)
        guard full.count <= 255, context.count <= 255 else { return [] }
        var info: [UInt8] = [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
        info.append(UInt8(full.count))
        info += full
        info.append(UInt8(context.count))
        info += context
        return expand(secret, info: info, length: length)
    }
}
