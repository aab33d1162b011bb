import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// Opens the SRTP and SRTCP packets of one sender (RFC 3711, RFC 7714).
package struct SRTPOpener: ~Copyable, Sendable {
    /// Sources whose rollover counter is followed; the oldest goes first.
    private static let capacity = 64
    /// After a pickup in mid-stream the rollover counter is found by the tag: so many are tried. Own: 100 packets a second
    /// for eleven hours.
    private static let tries: UInt32 = 64
    /// A source whose packets do not open is left alone after so many.
    private static let failureLimit = 32

    private struct Source {
        /// Rollover counter and sequence number of the highest packet opened.
        var index: UInt64
        var isKnown = false
        var failures = 0
    }

    private let protection: SRTPProtection
    private let master: SRTPMasterKey
    private var cipher: CounterModeKey?
    private var controlCipher: CounterModeKey?
    private let authentication: [UInt8]
    private let controlAuthentication: [UInt8]
    private let salt: [UInt8]
    private let controlSalt: [UInt8]
    private let key: [UInt8]
    private let controlKey: [UInt8]
    private var sources: [UInt32: Source] = [:]
    private var order: [UInt32] = []
    package private(set) var opened: UInt64 = 0
    package private(set) var failed: UInt64 = 0

    package init(_ protection: SRTPProtection, _ master: SRTPMasterKey) {
        self.protection = protection
        self.master = master
        let length = protection.keyLength
        key = master.derive(.encryption, length: length)
        controlKey = master.derive(.controlEncryption, length: length)
        salt = master.derive(.salting, length: protection.saltLength)
        controlSalt = master.derive(.controlSalting, length: protection.saltLength)
        authentication = master.derive(.authentication, length: 20)
        controlAuthentication = master.derive(.controlAuthentication, length: 20)
        if case .counterMode = protection {
            cipher = CounterModeKey(key: key)
            controlCipher = CounterModeKey(key: controlKey)
        }
    }

    /// Keys as signalling gives them (RFC 4568 section 6.1); nil where they fit no suite that is known. Packets that name their key are
    /// not opened.
    package init?(suite: String, secret: [UInt8], hasIdentifier: Bool) {
        guard !hasIdentifier, let protection = SRTPProtection(suite: suite),
            secret.count == protection.keyLength + protection.saltLength,
            let master = SRTPMasterKey(
                protection, key: Array(secret.prefix(protection.keyLength)),
                salt: Array(secret.suffix(protection.saltLength)))
        else { return nil }
        self.init(protection, master)
    }

    /// Appends the payload of an SRTP packet to `output`; false, and `output` as it was, when the tag does not match.
    package mutating func open(_ packet: RawSpan, _ header: RTPHeader, into output: inout [UInt8]) -> Bool {
        var source = entry(header.source, sequence: header.sequence)
        guard source.failures < Self.failureLimit else { return false }
        for rollover in candidates(source, header.sequence) {
            let index = UInt64(rollover) << 16 | UInt64(header.sequence)
            guard open(packet, header, index: index, into: &output) else { continue }
            source.index = source.isKnown ? max(source.index, index) : index
            source.isKnown = true
            source.failures = 0
            sources[header.source] = source
            opened &+= 1
            return true
        }
        failed &+= 1
        source.failures += 1
        sources[header.source] = source
        return false
    }

    private mutating func entry(_ source: UInt32, sequence: UInt16) -> Source {
        if let known = sources[source] { return known }
        if order.count == Self.capacity { sources[order.removeFirst()] = nil }
        order.append(source)
        return Source(index: UInt64(sequence))
    }

    /// Rollover counters that this packet may have: the nearest one, else all that a pickup may have missed.
    private func candidates(_ source: Source, _ sequence: UInt16) -> ClosedRange<UInt32> {
        guard source.isKnown else { return 0...Self.tries }
        // RFC 3711 section 3.3.1: the index nearest to the highest one.
        let distance = Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: source.index))
        let index = Int64(source.index) + Int64(distance)  // below 2^48
        let rollover = UInt32(clamping: max(0, index) >> 16)
        return rollover...rollover
    }

    private mutating func open(
        _ packet: RawSpan, _ header: RTPHeader, index: UInt64, into output: inout [UInt8]
    ) -> Bool {
        switch protection {
        case .counterMode(let tagLength):
            let end = packet.byteCount - tagLength
            guard end >= header.length else { return false }
            var reader = ByteReader(packet)
            let signed = reader.copy(end)
            let tag = reader.copy(tagLength)
            let rollover = UInt32(truncatingIfNeeded: index >> 16)
            let code = HashAlgorithm.sha1.hmac(key: authentication, signed, Self.bytes(UInt64(rollover), 4))
            guard Array(code.prefix(tagLength)) == tag else { return false }
            let counter = counter(salt, header.source, index)
            return cipher?.apply(
                counter: counter, to: packet.extracting(header.length..<end), into: &output)
                ?? false
        case .aead(let algorithm):
            guard packet.byteCount >= header.length + algorithm.tagLength else { return false }
            guard var aead = AEADKey(algorithm, key: key, iv: nonce(salt, header.source)) else { return false }
            return aead.open(
                number: index, additionalData: packet.extracting(0..<header.length),
                ciphertext: packet.extracting(header.length..<packet.byteCount), into: &output)
        }
    }

    /// Appends the RTCP packets of an SRTCP packet, opened, to `output`.
    package mutating func openControl(_ packet: RawSpan, into output: inout [UInt8]) -> Bool {
        let start = output.count
        let tagLength: Int
        switch protection {
        case .counterMode: tagLength = 10
        case .aead: tagLength = 0
        }
        guard let trailer = SecureRTCPTrailer(packet, tagLength: tagLength),
            let source = ByteReader(packet).peekUInt32(ahead: 4)
        else { return false }
        let index = UInt64(trailer.index)
        var reader = ByteReader(packet)
        let done: Bool
        switch protection {
        case .counterMode:
            let signed = reader.copy(trailer.contentLength + SecureRTCPTrailer.wordLength)
            let code = HashAlgorithm.sha1.hmac(key: controlAuthentication, signed)
            guard Array(code.prefix(tagLength)) == reader.copy(tagLength) else { return count(false) }
            output += signed.prefix(8)
            let sealed = packet.extracting(8..<trailer.contentLength)
            if trailer.isEncrypted {
                let counter = counter(controlSalt, source, index)
                done = controlCipher?.apply(counter: counter, to: sealed, into: &output) ?? false
            } else {
                output += signed[8..<trailer.contentLength]
                done = true
            }
        case .aead(let algorithm):
            guard var aead = AEADKey(algorithm, key: controlKey, iv: nonce(controlSalt, source)),
                trailer.contentLength >= 8 + algorithm.tagLength
            else { return count(false) }
            let head = reader.copy(8)
            output += head
            reader.skip(trailer.contentLength - 8)
            let extra = head + reader.copy(4)
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            done = unsafe aead.open(
                number: index, additionalData: extra.span.bytes,
                ciphertext: packet.extracting(8..<trailer.contentLength), into: &output)
        }
        if !done { output.removeLast(output.count - start) }
        return count(done)
    }

    private mutating func count(_ done: Bool) -> Bool {
        if done { opened &+= 1 } else { failed &+= 1 }
        return done
    }

    /// (salt x 2^16) XOR (SSRC x 2^64) XOR (index x 2^16) (RFC 3711 section 4.1.1).
    private func counter(_ salt: [UInt8], _ source: UInt32, _ index: UInt64) -> [UInt8] {
        var counter = salt + [0, 0]
        for (position, byte) in Self.bytes(UInt64(source), 4).enumerated() { counter[4 + position] ^= byte }
        for (position, byte) in Self.bytes(index, 6).enumerated() { counter[8 + position] ^= byte }
        return counter
    }

    /// The salt XOR two zeros and the SSRC; the index is the number that the cipher adds (RFC 7714 sections 8.1 and 9.1).
    private func nonce(_ salt: [UInt8], _ source: UInt32) -> [UInt8] {
        var nonce = salt
        for (position, byte) in Self.bytes(UInt64(source), 4).enumerated() { nonce[2 + position] ^= byte }
        return nonce
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
}
