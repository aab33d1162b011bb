// One of the few files of this room that hold unsafe code. The proof: the handle comes from `EVP_CIPHER_CTX_new`, is owned by
// this non-copyable value alone and freed in its `deinit`.

internal import COpenSSL

/// Owner of an EVP_CIPHER_CTX. Moves between threads with its owner and is never shared.
@safe
struct CipherContext: ~Copyable, @unchecked Sendable {
    let handle: OpaquePointer

    /// A context for `cipher`, no key yet; nil when libcrypto lacks it.
    /// C functions: `EVP_CIPHER_CTX_new`, `EVP_CipherInit_ex2`.
    init?(_ cipher: LibCrypto.Cipher, encrypting: Bool) {
        guard let algorithm = unsafe cipher.handle, let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        guard unsafe EVP_CipherInit_ex2(context, algorithm, nil, nil, encrypting ? 1 : 0, nil) == 1 else {
            unsafe EVP_CIPHER_CTX_free(context)
            return nil
        }
        unsafe handle = context
    }

    deinit { unsafe EVP_CIPHER_CTX_free(handle) }
}
