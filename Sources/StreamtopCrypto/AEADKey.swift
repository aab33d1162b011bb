// One of the few files of this room that hold unsafe code. The proof: `CipherContext` owns the handle; every pointer handed to
// libcrypto is borrowed from a live span or array
// for the length of the call, with that span's own count; output has room for the input, and an AEAD never grows it.

internal import COpenSSL
import StreamtopBase

/// Authenticated ciphers of TLS, DTLS and QUIC.
package enum AEADAlgorithm: UInt8, Sendable, CaseIterable {
    case aes128GCM, aes256GCM, chaCha20Poly1305, aes128CCM, aes256CCM
    /// CCM with a tag of 8 bytes.
    case aes128CCM8, aes256CCM8

    /// Bytes of key.
    package var keyLength: Int {
        switch self {
        case .aes128GCM, .aes128CCM, .aes128CCM8: 16
        case .aes256GCM, .aes256CCM, .aes256CCM8, .chaCha20Poly1305: 32
        }
    }

    /// Bytes of tag at the end of each ciphertext.
    package var tagLength: Int {
        switch self {
        case .aes128CCM8, .aes256CCM8: 8
        default: 16
        }
    }

    var isCCM: Bool {
        switch self {
        case .aes128CCM, .aes256CCM, .aes128CCM8, .aes256CCM8: true
        default: false
        }
    }

    fileprivate var cipher: LibCrypto.Cipher {
        switch self {
        case .aes128GCM: LibCrypto.aes128GCM
        case .aes256GCM: LibCrypto.aes256GCM
        case .aes128CCM, .aes128CCM8: LibCrypto.aes128CCM
        case .aes256CCM, .aes256CCM8: LibCrypto.aes256CCM
        case .chaCha20Poly1305: LibCrypto.chaCha20Poly1305
        }
    }
}

/// One direction's key of an AEAD with its IV, ready for packet after packet: the cipher context is set up once.
///
/// Unique by ownership, so that it may move between threads but never be used by two.
@safe
package struct AEADKey: ~Copyable, @unchecked Sendable {
    /// Bytes of IV and nonce in all these protocols.
    package static var nonceLength: Int { 12 }

    package let algorithm: AEADAlgorithm
    private let context: CipherContext
    /// The static IV as two numbers in network order: the first 4 bytes, the last 8.
    private let ivHead: UInt32
    private let ivTail: UInt64

    /// nil when key or IV have the wrong size (`keyLength`, 12), or libcrypto lacks the cipher.
    /// C functions: `EVP_CIPHER_CTX_ctrl`, `EVP_CipherInit_ex2`.
    package init?(_ algorithm: AEADAlgorithm, key: [UInt8], iv: [UInt8]) {
        guard key.count == algorithm.keyLength, iv.count == Self.nonceLength,
            let context = CipherContext(algorithm.cipher, encrypting: false),
            unsafe EVP_CIPHER_CTX_ctrl(context.handle, EVP_CTRL_AEAD_SET_IVLEN, 12, nil) == 1,
            unsafe !algorithm.isCCM
                || EVP_CIPHER_CTX_ctrl(
                    context.handle, EVP_CTRL_AEAD_SET_TAG, Int32(algorithm.tagLength), nil) == 1,
            unsafe EVP_CipherInit_ex2(context.handle, nil, key, nil, 0, nil) == 1
        else { return nil }
        self.algorithm = algorithm
        self.context = context
        ivHead = iv[0..<4].reduce(0) { $0 << 8 | UInt32($1) }
        ivTail = iv[4..<12].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Opens `ciphertext` (tag at its end) and appends the plaintext to `output`; false, and `output` as it was, when
    /// the tag does not match or the ciphertext is shorter than a tag.
    ///
    /// The nonce is the IV XOR `number` in its last 8 bytes (RFC 8446 section 5.3, RFC 9001 section 5.3): the record
    /// sequence or packet number. The TLS 1.2 form "salt then explicit nonce" (RFC 5288 section 3) is the same with an
    /// IV of salt and 8 zeros.
    /// C functions: `EVP_CipherInit_ex2`, `EVP_CipherUpdate`, `EVP_CipherFinal_ex`.
    package mutating func open(
        number: UInt64, additionalData: RawSpan, ciphertext: RawSpan, into output: inout [UInt8]
    ) -> Bool {
        guard let length = plainLength(additionalData, ciphertext) else { return false }
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: length))
        let opened = open(number, additionalData, ciphertext, length, into: &output, at: start)
        if !opened { output.removeLast(length) }
        return opened
    }

    /// The same into the beginning of a buffer that is used again and again: it grows to the longest plaintext and is never
    /// cleared. Returns how many bytes were written, nil when the ciphertext does not open.
    package mutating func open(
        number: UInt64, additionalData: RawSpan, ciphertext: RawSpan, reusing buffer: inout [UInt8]
    ) -> Int? {
        guard let length = plainLength(additionalData, ciphertext) else { return nil }
        if buffer.count < length { buffer.append(contentsOf: repeatElement(0, count: length - buffer.count)) }
        return open(number, additionalData, ciphertext, length, into: &buffer, at: 0) ? length : nil
    }

    private func plainLength(_ additionalData: RawSpan, _ ciphertext: RawSpan) -> Int? {
        let length = ciphertext.byteCount - algorithm.tagLength
        guard length >= 0, length <= Int(Int32.max), additionalData.byteCount <= Int(Int32.max) else { return nil }
        return length
    }

    /// `output` holds `length` bytes or more from `start` on.
    private func open(
        _ number: UInt64, _ additionalData: RawSpan, _ ciphertext: RawSpan, _ length: Int, into output: inout [UInt8],
        at start: Int
    ) -> Bool {
        let tagLength = algorithm.tagLength
        // libcrypto wants a place to write even for an empty message.
        var spare: UInt64 = 0
        let nonce = (ivHead.bigEndian, (ivTail ^ number).bigEndian)
        return unsafe output.withUnsafeMutableBufferPointer { buffer in
            unsafe ciphertext.withUnsafeBytes { input in
                unsafe additionalData.withUnsafeBytes { extra in
                    unsafe withUnsafeMutableBytes(of: &spare) { fallback in
                        let destination =
                            unsafe length > 0
                            ? buffer.baseAddress.map { unsafe $0 + start }
                            : fallback.baseAddress?.assumingMemoryBound(to: UInt8.self)
                        return unsafe decrypt(nonce, extra, input, length, tagLength, destination)
                    }
                }
            }
        }
    }

    private func decrypt(
        _ nonce: (UInt32, UInt64), _ extra: UnsafeRawBufferPointer, _ input: UnsafeRawBufferPointer, _ length: Int,
        _ tagLength: Int, _ destination: UnsafeMutablePointer<UInt8>?
    ) -> Bool {
        var nonceBytes: InlineArray<12, UInt8> = InlineArray(repeating: 0)
        for index in 0..<4 { nonceBytes[index] = UInt8(truncatingIfNeeded: nonce.0 >> (8 * UInt32(index))) }
        for index in 0..<8 { nonceBytes[4 + index] = UInt8(truncatingIfNeeded: nonce.1 >> (8 * UInt64(index))) }
        guard let source = unsafe input.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
        let tag = unsafe UnsafeMutableRawPointer(mutating: source + length)
        let extraBytes = unsafe extra.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var written: Int32 = 0
        let started = unsafe withUnsafeBytes(of: &nonceBytes) { bytes in
            unsafe EVP_CipherInit_ex2(
                context.handle, nil, nil, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 0, nil) == 1
        }
        guard started, unsafe EVP_CIPHER_CTX_ctrl(context.handle, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), tag) == 1
        else {
            return false
        }
        if algorithm.isCCM {
            // CCM must know the length before it sees the additional data (RFC 3610), and checks the tag in its update.
            guard unsafe EVP_CipherUpdate(context.handle, nil, &written, nil, Int32(length)) == 1 else { return false }
            if extra.count > 0 {
                guard unsafe EVP_CipherUpdate(context.handle, nil, &written, extraBytes, Int32(extra.count)) == 1 else {
                    return false
                }
            }
            return unsafe EVP_CipherUpdate(context.handle, destination, &written, source, Int32(length)) == 1
        }
        if extra.count > 0 {
            guard unsafe EVP_CipherUpdate(context.handle, nil, &written, extraBytes, Int32(extra.count)) == 1 else {
                return false
            }
        }
        if length > 0 {
            guard unsafe EVP_CipherUpdate(context.handle, destination, &written, source, Int32(length)) == 1 else {
                return false
            }
        }
        return unsafe EVP_CipherFinal_ex(context.handle, destination, &written) == 1
    }
}
