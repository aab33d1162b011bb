// One of the few files of this room that hold unsafe code. The proof: `CipherContext` owns the handle; a counter-mode update of
// n bytes writes exactly n bytes into a buffer that was grown by n.

internal import COpenSSL
import StreamtopBase

/// AES in counter mode (NIST SP 800-38A section 6.5), as SRTP uses it (RFC 3711 section 4.1.1).
@safe
package struct CounterModeKey: ~Copyable, @unchecked Sendable {
    package static var blockLength: Int { 16 }

    private let context: CipherContext

    /// nil unless the key has 16 or 32 bytes. C functions: `EVP_CipherInit_ex2`.
    package init?(key: [UInt8]) {
        let algorithm = key.count == 16 ? LibCrypto.aes128CTR : LibCrypto.aes256CTR
        guard key.count == 16 || key.count == 32,
            let context = CipherContext(algorithm, encrypting: true),
            unsafe EVP_CipherInit_ex2(context.handle, nil, key, nil, 1, nil) == 1
        else { return nil }
        self.context = context
    }

    /// Appends `input` XOR the key stream that begins at `counter` to `output`; false unless `counter` is one block.
    /// C functions: `EVP_CipherInit_ex2`, `EVP_CipherUpdate`.
    package mutating func apply(counter: [UInt8], to input: RawSpan, into output: inout [UInt8]) -> Bool {
        let length = input.byteCount
        guard counter.count == Self.blockLength, length <= Int(Int32.max),
            unsafe EVP_CipherInit_ex2(context.handle, nil, nil, counter, 1, nil) == 1
        else { return false }
        guard length > 0 else { return true }
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: length))
        var written: Int32 = 0
        let done = unsafe output.withUnsafeMutableBufferPointer { buffer in
            unsafe input.withUnsafeBytes { source in
                unsafe EVP_CipherUpdate(
                    context.handle, buffer.baseAddress.map { unsafe $0 + start }, &written,
                    source.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(length)) == 1
            }
        }
        if !done { output.removeLast(length) }
        return done
    }
}
