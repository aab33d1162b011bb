// One of the few files of this room that hold unsafe code. The proof: the handles are fetched once, by name, never freed and
// never changed; libcrypto documents fetched algorithms as immutable and usable from every thread.

internal import COpenSSL

/// Algorithms of libcrypto, fetched once per process: an implicit fetch in every operation costs more than the operation.
/// A handle is nil where the library was built without the algorithm.
enum LibCrypto {
    /// A fetched EVP_CIPHER.
    @safe
    struct Cipher: @unchecked Sendable {
        let handle: OpaquePointer?

        /// The corresponding C function is `EVP_CIPHER_fetch`.
        init(_ name: StaticString) {
            unsafe handle = EVP_CIPHER_fetch(
                nil, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), nil)
        }
    }

    /// A fetched EVP_MD.
    @safe
    struct Digest: @unchecked Sendable {
        let handle: OpaquePointer?

        /// The corresponding C function is `EVP_MD_fetch`.
        init(_ name: StaticString) {
            unsafe handle = EVP_MD_fetch(nil, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), nil)
        }
    }

    static let aes128GCM = Cipher("AES-128-GCM")
    static let aes256GCM = Cipher("AES-256-GCM")
    static let aes128CCM = Cipher("AES-128-CCM")
    static let aes256CCM = Cipher("AES-256-CCM")
    static let chaCha20Poly1305 = Cipher("ChaCha20-Poly1305")
    static let aes128ECB = Cipher("AES-128-ECB")
    static let aes256ECB = Cipher("AES-256-ECB")
    static let chaCha20 = Cipher("ChaCha20")
    static let aes128CTR = Cipher("AES-128-CTR")
    static let aes256CTR = Cipher("AES-256-CTR")
    static let aes128CBC = Cipher("AES-128-CBC")
    static let aes256CBC = Cipher("AES-256-CBC")

    static let md5 = Digest("MD5")
    static let sha1 = Digest("SHA1")
    static let sha256 = Digest("SHA2-256")
    static let sha384 = Digest("SHA2-384")
    static let sha512 = Digest("SHA2-512")
}
