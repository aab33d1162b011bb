// One of the few files of this room that hold unsafe code. The proof: `CipherContext` owns the handle; samples are checked to hold 16 bytes; the ciphers write at most 16 bytes
// (one block, or as many as they are given) into a buffer of 32.

internal import COpenSSL
import StreamtopBase

/// Ciphers that mask packet and record numbers (RFC 9001 section 5.4, RFC 9147 section 4.2.3).
package enum HeaderProtectionAlgorithm: UInt8, Sendable, CaseIterable {
    case aes128, aes256, chaCha20

    package init(_ algorithm: AEADAlgorithm) {
        self =
            switch algorithm {
            case .aes128GCM, .aes128CCM, .aes128CCM8: .aes128
            case .aes256GCM, .aes256CCM, .aes256CCM8: .aes256
            case .chaCha20Poly1305: .chaCha20
            }
    }

    package var keyLength: Int { self == .aes128 ? 16 : 32 }

    fileprivate var cipher: LibCrypto.Cipher {
        switch self {
        case .aes128: LibCrypto.aes128ECB
        case .aes256: LibCrypto.aes256ECB
        case .chaCha20: LibCrypto.chaCha20
        }
    }
}

/// The five mask bytes of RFC 9001 section 5.4.1.
package struct HeaderProtectionMask: Equatable, Sendable {
    /// For the bits of the first byte.
    package var first: UInt8
    /// For the number: mask[1] in the top byte, mask[4] in the lowest. A number of n bytes uses the top n.
    package var number: UInt32

    package init(first: UInt8, number: UInt32) {
        self.first = first
        self.number = number
    }
}

/// One direction's header-protection key, ready for packet after packet.
@safe
package struct HeaderProtectionKey: ~Copyable, @unchecked Sendable {
    /// Bytes of ciphertext that make the mask.
    package static var sampleLength: Int { 16 }

    package let algorithm: HeaderProtectionAlgorithm
    private let context: CipherContext

    /// nil when the key has the wrong size or libcrypto lacks the cipher.
    /// C functions: `EVP_CipherInit_ex2`, `EVP_CIPHER_CTX_set_padding`.
    package init?(_ algorithm: HeaderProtectionAlgorithm, key: [UInt8]) {
        guard key.count == algorithm.keyLength,
            let context = CipherContext(algorithm.cipher, encrypting: true),
            unsafe EVP_CipherInit_ex2(context.handle, nil, key, nil, 1, nil) == 1,
            unsafe EVP_CIPHER_CTX_set_padding(context.handle, 0) == 1
        else { return nil }
        self.algorithm = algorithm
        self.context = context
    }

    /// The mask of a sample; nil unless the sample has 16 bytes or more (the first 16 count).
    package mutating func mask(sample: RawSpan) -> HeaderProtectionMask? {
        guard sample.byteCount >= Self.sampleLength else { return nil }
        var output: InlineArray<32, UInt8> = InlineArray(repeating: 0)
        let done = unsafe sample.withUnsafeBytes { bytes in
            unsafe withUnsafeMutableBytes(of: &output) { buffer in
                unsafe encrypt(bytes, buffer)
            }
        }
        guard done else { return nil }
        let number = UInt32(output[1]) << 24 | UInt32(output[2]) << 16 | UInt32(output[3]) << 8 | UInt32(output[4])
        return HeaderProtectionMask(first: output[0], number: number)
    }

    private func encrypt(_ sample: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) -> Bool {
        let source = unsafe sample.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let destination = unsafe output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var written: Int32 = 0
        guard algorithm == .chaCha20 else {
            return unsafe EVP_CipherUpdate(context.handle, destination, &written, source, 16) == 1
        }
        // The sample is counter (4 bytes, little-endian) and nonce, which is the IV layout of libcrypto's ChaCha20.
        var zeros: UInt64 = 0
        return unsafe EVP_CipherInit_ex2(context.handle, nil, nil, source, 1, nil) == 1
            && withUnsafeBytes(of: &zeros) { plain in
                unsafe EVP_CipherUpdate(
                    context.handle, destination, &written, plain.baseAddress?.assumingMemoryBound(to: UInt8.self), 5)
                    == 1
            }
    }
}
