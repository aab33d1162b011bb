/// The PRF of TLS 1.2 (RFC 5246 section 5) and of TLS 1.0 and 1.1 (RFC 2246 section 5).
package enum TLSPseudorandomFunction: Sendable {
    /// P_MD5 of one half of the secret XOR P_SHA1 of the other.
    case md5AndSHA1
    /// P_hash with the hash of the cipher suite.
    case hash(HashAlgorithm)

    package func derive(secret: [UInt8], label: String, seed: [UInt8], length: Int) -> [UInt8] {
        let labelled = Array(label.utf8) + seed
        switch self {
        case .hash(let hash):
            return expand(hash, secret[...], labelled, length)
        case .md5AndSHA1:
            let half = (secret.count + 1) / 2
            let left = expand(.md5, secret.prefix(half), labelled, length)
            let right = expand(.sha1, secret.suffix(half), labelled, length)
            return zip(left, right).map { $0 ^ $1 }
        }
    }

    /// P_hash(secret, seed) = HMAC(secret, A(1) + seed) + HMAC(secret, A(2) + seed) + …
    private func expand(_ hash: HashAlgorithm, _ secret: ArraySlice<UInt8>, _ seed: [UInt8], _ length: Int) -> [UInt8] {
        let key = Array(secret)
        guard length > 0, length <= 1 << 12 else { return [] }  // key blocks are far smaller
        var output: [UInt8] = []
        var stage = seed
        while output.count < length {
            stage = hash.hmac(key: key, stage)
            let block = hash.hmac(key: key, stage, seed)
            guard !block.isEmpty else { return [] }
            output += block
        }
        output.removeLast(output.count - length)
        return output
    }
}
