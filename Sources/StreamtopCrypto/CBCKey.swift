// One of the few files of this room that hold unsafe code. The proof: `CipherContext` owns the handle; with padding off a CBC update of n whole blocks writes exactly n bytes
// into a buffer that was grown by n.

internal import COpenSSL
import StreamtopBase

/// One direction's AES-CBC key, for cipher suites before AEAD.
@safe
package struct CBCKey: ~Copyable, @unchecked Sendable {
    package static var blockLength: Int { 16 }

    private let context: CipherContext

    /// nil unless the key has 16 or 32 bytes. C functions: `EVP_CipherInit_ex2`.
    package init?(key: [UInt8]) {
        let algorithm = key.count == 16 ? LibCrypto.aes128CBC : LibCrypto.aes256CBC
        guard key.count == 16 || key.count == 32,
            let context = CipherContext(algorithm, encrypting: false),
            unsafe EVP_CipherInit_ex2(context.handle, nil, key, nil, 0, nil) == 1
        else { return nil }
        self.context = context
    }

    /// Decrypts whole blocks, padding left in place, and appends them to `output`; false unless `iv` is one block and
    /// `ciphertext` whole ones.
    package mutating func decrypt(iv: [UInt8], ciphertext: RawSpan, into output: inout [UInt8]) -> Bool {
        let length = ciphertext.byteCount
        guard iv.count == Self.blockLength, length > 0, length % Self.blockLength == 0, length <= Int(Int32.max),
            unsafe EVP_CipherInit_ex2(context.handle, nil, nil, iv, 0, nil) == 1
        else { return false }
        unsafe EVP_CIPHER_CTX_set_padding(context.handle, 0)
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: length))
        var written: Int32 = 0
        let done = unsafe output.withUnsafeMutableBufferPointer { buffer in
            unsafe ciphertext.withUnsafeBytes { input in
                unsafe EVP_CipherUpdate(
                    context.handle, buffer.baseAddress.map { unsafe $0 + start }, &written,
                    input.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(length)) == 1
            }
        }
        if !done { output.removeLast(length) }
        return done
    }
}
