import StreamtopCrypto
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopSecurity

@Suite struct SRTPTests {
    private static let master = SRTPMasterKey(
        .counterMode(tagLength: 10), key: [UInt8](hex: "E1F97A0D3E018BE0D64FA32C06DE4139"),
        salt: [UInt8](hex: "0EC675AD498AFEEBB6960B3AABE6"))!

    private static let galois = SRTPMasterKey(
        .aead(.aes128GCM), key: [UInt8](0..<16), salt: (0xa0..<0xac).map { UInt8($0) })!

    @Test("RFC 3711 appendix B.3: session keys from the master key")
    func derivation() {
        #expect(Self.master.derive(.encryption, length: 16).hex == "c61e7a93744f39ee10734afe3ff7a087")
        #expect(Self.master.derive(.salting, length: 14).hex == "30cbbc08863d8c85d49db34a9ae1")
        #expect(Self.master.derive(.authentication, length: 20).hex == "cebe321f6ff7716b6fd4ab49af256a156d38baa4")
    }

    private func open(_ opener: inout SRTPOpener, _ packet: [UInt8]) -> [UInt8]? {
        var reader = unsafe ByteReader(packet.span.bytes)
        guard let header = try? RTPHeader(decoding: &reader) else { return nil }
        var output: [UInt8] = []
        return unsafe opener.open(packet.span.bytes, header, into: &output) ? output : nil
    }

    private static let sealed = [UInt8](
        hex: "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb")
    private static let sealedControl = [UInt8](
        hex: "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d7c1230798")

    @Test("AES in counter mode with HMAC-SHA1: payload and control packet, and nothing of a changed one")
    func counterMode() {
        var opener = SRTPOpener(.counterMode(tagLength: 10), Self.master)
        #expect(open(&opener, Self.sealed) == [UInt8](repeating: 0xab, count: 16))
        for position in Self.sealed.indices where position != 0 {
            var changed = Self.sealed
            changed[position] ^= 1
            var other = SRTPOpener(.counterMode(tagLength: 10), Self.master)
            #expect(open(&other, changed) == nil, "\(position)")
        }
    }

    /// An SRTCP packet as its sender seals it (RFC 3711 section 3.4): the key stream is its own inverse.
    private func sealControl(index: UInt32) -> [UInt8] {
        let head = [UInt8](hex: "81c8000bcafebabe")
        var counter = Self.master.derive(.controlSalting, length: 14) + [0, 0]
        for (position, byte) in [UInt8](hex: "cafebabe").enumerated() { counter[4 + position] ^= byte }
        for (position, byte) in RTPPacketBuilder.bytes(index, 4).enumerated() { counter[10 + position] ^= byte }
        var key = CounterModeKey(key: Self.master.derive(.controlEncryption, length: 16))!
        var body: [UInt8] = []
        let clear = [UInt8](repeating: 0xab, count: 16)
        _ = unsafe key.apply(counter: counter, to: clear.span.bytes, into: &body)
        let signed = head + body + RTPPacketBuilder.bytes(0x8000_0000 | index, 4)
        let tag = HashAlgorithm.sha1.hmac(key: Self.master.derive(.controlAuthentication, length: 20), signed)
        return signed + tag.prefix(10)
    }

    @Test("SRTCP in counter mode opens, and nothing of a changed one")
    func control() {
        let packet = sealControl(index: 7)
        var opener = SRTPOpener(.counterMode(tagLength: 10), Self.master)
        var output: [UInt8] = []
        let isOpened = unsafe opener.openControl(packet.span.bytes, into: &output)
        #expect(isOpened && output == [UInt8](hex: "81c8000bcafebabe") + [UInt8](repeating: 0xab, count: 16))
        for position in packet.indices {
            var changed = packet
            changed[position] ^= 1
            var other: [UInt8] = []
            #expect(!(unsafe opener.openControl(changed.span.bytes, into: &other)) && other.isEmpty, "\(position)")
        }
    }

    @Test("AES-GCM (RFC 7714): payload and control packet")
    func galoisMode() {
        var opener = SRTPOpener(.aead(.aes128GCM), Self.galois)
        let packet = [UInt8](
            hex: "800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e d2976826f796b201df3131a127e8a392")
        #expect(open(&opener, packet) == [UInt8](repeating: 0xab, count: 16))
        let control = [UInt8](
            hex: "81c8000bcafebabe c98b8b5df0392a55852b6c21ac8e7025 c52c6fbea2b3b446ea31123ba88ce61e 80000001")
        var output: [UInt8] = []
        #expect(unsafe opener.openControl(control.span.bytes, into: &output))
        #expect(output == [UInt8](hex: "81c8000bcafebabe") + [UInt8](repeating: 0xab, count: 16))
    }

    @Test("No packet traps, cut at every byte; a source that does not open is left alone")
    func hostile() {
        var opener = SRTPOpener(.counterMode(tagLength: 10), Self.master)
        var output: [UInt8] = []
        for length in 0..<Self.sealed.count {
            #expect(open(&opener, Array(Self.sealed.prefix(length))) == nil)
            _ = unsafe opener.openControl(Array(Self.sealedControl.prefix(length)).span.bytes, into: &output)
        }
        #expect(output.isEmpty && opener.opened == 0)
        var galois = SRTPOpener(.aead(.aes128GCM), Self.galois)
        for length in 0..<Self.sealed.count {
            _ = open(&galois, Array(Self.sealed.prefix(length)))
            _ = unsafe galois.openControl(Array(Self.sealedControl.prefix(length)).span.bytes, into: &output)
        }
        #expect(galois.opened == 0)
    }

    @Test("The rollover counter is followed, and found after a pickup in mid-stream")
    func rollover() {
        // What a sender seals: the key stream is its own inverse.
        func seal(_ sequence: UInt16, rollover: UInt32) -> [UInt8] {
            var key = CounterModeKey(key: Self.master.derive(.encryption, length: 16))!
            let salt = Self.master.derive(.salting, length: 14)
            let head =
                [UInt8](hex: "800f") + RTPPacketBuilder.bytes(UInt32(sequence), 2) + [UInt8](hex: "decafbadcafebabe")
            var counter = salt + [0, 0]
            for (position, byte) in [UInt8](hex: "cafebabe").enumerated() { counter[4 + position] ^= byte }
            for (position, byte) in (RTPPacketBuilder.bytes(rollover, 4) + RTPPacketBuilder.bytes(UInt32(sequence), 2))
                .enumerated()
            {
                counter[8 + position] ^= byte
            }
            var body: [UInt8] = []
            let clear: [UInt8] = [1, 2, 3, 4]
            _ = unsafe key.apply(counter: counter, to: clear.span.bytes, into: &body)
            let signed = head + body
            let tag = HashAlgorithm.sha1.hmac(
                key: Self.master.derive(.authentication, length: 20), signed, RTPPacketBuilder.bytes(rollover, 4))
            return signed + tag.prefix(10)
        }
        var opener = SRTPOpener(.counterMode(tagLength: 10), Self.master)
        for (sequence, rollover) in [(65_534, 7), (65_535, 7), (0, 8), (65_533, 7), (1, 8)] as [(UInt16, UInt32)] {
            #expect(open(&opener, seal(sequence, rollover: rollover)) == [1, 2, 3, 4])
        }
        #expect(opener.failed == 0)
    }
}
