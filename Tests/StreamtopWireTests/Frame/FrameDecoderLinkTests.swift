import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

@Suite("Frame decoder below IP")
struct FrameDecoderLinkTests {
    private let decoder = FrameDecoder()
    private let packet = PacketBuilder.ip(
        from: "10.0.0.1", to: "10.0.0.2", protocol: 17, PacketBuilder.udp(from: 1, to: 2, [1, 2, 3]))

    /// A QoS data frame from a distribution system, without the bodies' 802.2.
    private func wireless(padding: Int = 0, mesh: [UInt8]) -> [UInt8] {
        [0x88, 2, 0, 0] + [UInt8](repeating: 0xff, count: 18) + [0, 0, 0, 0] + [UInt8](repeating: 0, count: padding)
            + mesh + [0xaa, 0xaa, 3, 0, 0, 0, 8, 0] + packet
    }

    @Test("802.11 mesh control is stepped over", arguments: [0, 1, 2])
    func meshControl(addresses: Int) {
        let mesh: [UInt8] = [UInt8(addresses), 31, 1, 0, 0, 0] + [UInt8](repeating: 7, count: 6 * addresses)
        let frame = decoder.decoded(wireless(mesh: mesh), linkType: .wireless)
        #expect(frame.stop == nil)
        #expect(frame.payloadLength == 3)
        // The same behind a padded header.
        let radiotap: [UInt8] = [0, 0, 12, 0, 2, 0, 0, 0, 0x20, 0, 0, 0]
        let padded = decoder.decoded(radiotap + wireless(padding: 2, mesh: mesh), linkType: .radiotap)
        #expect(padded.stop == nil)
        #expect(padded.payloadLength == 3)
    }

    @Test("802.2 at once is no mesh control")
    func noMesh() {
        let frame = decoder.decoded(wireless(mesh: []), linkType: .wireless)
        #expect(frame.stop == nil)
        #expect(frame.payloadLength == 3)
    }

    @Test(
        "the null link also names its payload by EtherType", arguments: [[0, 8, 0, 0], [0, 0, 8, 0], [2, 0, 0, 0]])
    func nullLink(family: [UInt8]) {
        let frame = decoder.decoded(family + packet, linkType: .null)
        #expect(frame.stop == nil)
        #expect(frame.transport == .udp)
    }

    @Test("padding that an enclosing header leaves out is no payload, even if IP claims it")
    func enclosedPadding() {
        let segment = PacketBuilder.tcp(from: 1, to: 2)
        let ip = PacketBuilder.ipv4(from: "10.0.0.1", to: "10.0.0.2", protocol: 6, totalLength: 46, segment)
        let bytes = PacketBuilder.ethernet(type: 0x8864, PacketBuilder.pppoe(ip)) + [0, 0, 0, 0, 0, 0]
        let frame = decoder.decoded(bytes)
        #expect(frame.stop?.cause == .malformed(.lengthBeyondEnclosure))
        #expect(frame.payloadLength == 0)
        #expect(frame.ipLength == 46)
        // Beyond the end of the frame the IP header knows best.
        let cut = decoder.decoded(Array(bytes.dropLast(6)))
        #expect(cut.payloadLength == 6)
        #expect(cut.payloadCaptured == 0)
    }
}
