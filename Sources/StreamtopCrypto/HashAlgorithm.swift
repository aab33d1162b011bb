// One of the few files of this room that hold unsafe code. The proof: libcrypto writes at most `EVP_MAX_MD_SIZE` (64) bytes of
// digest into a buffer of that size; inputs are passed as pointer and count of one live array each.

internal import COpenSSL
import StreamtopBase

/// Hash functions that the protocols name.
package enum HashAlgorithm: UInt8, Sendable, CaseIterable {
    /// RFC 1321; TLS 1.0 PRF and JA3 only.
    case md5
    /// RFC 3174; TLS 1.0 PRF, HMAC of old suites, Community ID.
    case sha1
    case sha256
    case sha384
    case sha512

    /// Digest size in bytes.
    package var digestLength: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Input block size in bytes, what HMAC pads its key to (RFC 2104 section 2).
    var blockLength: Int {
        switch self {
        case .md5, .sha1, .sha256: 64
        case .sha384, .sha512: 128
        }
    }

    private var algorithm: LibCrypto.Digest {
        switch self {
        case .md5: LibCrypto.md5
        case .sha1: LibCrypto.sha1
        case .sha256: LibCrypto.sha256
        case .sha384: LibCrypto.sha384
        case .sha512: LibCrypto.sha512
        }
    }

    /// Digest of `bytes`, `digestLength` of them; empty only where libcrypto was built without the algorithm.
    package func hash(_ bytes: [UInt8]) -> [UInt8] {
        var context = DigestContext()
        return context.digest(algorithm, bytes, [])
    }

    /// Digest of a text's UTF-8 in lower-case hex, the form of fingerprints.
    package func hexDigest(of text: String) -> String {
        hexDigest(of: Array(text.utf8))
    }

    /// Digest of `bytes` in lower-case hex.
    package func hexDigest(of bytes: [UInt8]) -> String { String(hexOf: hash(bytes)) }

    /// HMAC (RFC 2104) of `message` under `key`.
    package func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        hmac(key: key, message, [])
    }

    /// HMAC of `head` followed by `tail`.
    package func hmac(key: [UInt8], _ head: [UInt8], _ tail: [UInt8]) -> [UInt8] {
        var context = DigestContext()
        var block = key.count > blockLength ? context.digest(algorithm, key, []) : key
        block.append(contentsOf: repeatElement(0, count: blockLength - block.count))  // digests are shorter than blocks
        for index in block.indices { block[index] ^= 0x36 }
        let inner = context.digest(algorithm, block, head, tail)
        for index in block.indices { block[index] ^= 0x36 ^ 0x5c }
        return context.digest(algorithm, block, inner)
    }
}

/// Owner of an EVP_MD_CTX.
@safe
private struct DigestContext: ~Copyable {
    private let context: OpaquePointer?

    /// The corresponding C function is `EVP_MD_CTX_new`.
    init() { unsafe context = EVP_MD_CTX_new() }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Digest of the three parts in a row. C functions: `EVP_DigestInit_ex2`, `EVP_DigestUpdate`, `EVP_DigestFinal_ex`.
    mutating func digest(
        _ algorithm: LibCrypto.Digest, _ first: [UInt8], _ second: [UInt8], _ third: [UInt8] = []
    ) -> [UInt8] {
        guard unsafe context != nil, unsafe algorithm.handle != nil,
            unsafe EVP_DigestInit_ex2(context, algorithm.handle, nil) == 1,
            unsafe EVP_DigestUpdate(context, first, first.count) == 1,
            unsafe EVP_DigestUpdate(context, second, second.count) == 1,
            unsafe EVP_DigestUpdate(context, third, third.count) == 1
        else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            let done = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, &length)
            count = done == 1 ? Int(length) : 0
        }
    }
}
