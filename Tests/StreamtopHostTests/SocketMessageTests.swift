import Foundation
import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopHost

/// Sockets as a kernel answered, and those answers cut to what older kernels give.
@Suite struct SocketMessageTests {
    private static let whole = NetlinkFixture.names("sock-").filter {
        !["sock-interrupted", "sock-enobufs"].contains($0) && !$0.hasPrefix("sock-cut-")
    }

    private static let time = Timestamp(nanoseconds: 7)

    private func sockets(_ name: String) throws -> [KernelSocket] {
        try NetlinkFixture(name).messages { $0 == SocketMessage.type ? SocketMessage.socket($1, at: Self.time) : nil }
    }

    @Test(arguments: whole) func socketsAreThoseOfTheFixture(_ name: String) throws {
        let found = try sockets(name)
        let expected = try NetlinkFixture.values(name)["sockets"] as? [[String: Any]] ?? []
        #expect(found.count == expected.count)
        for (socket, values) in zip(found, expected) {
            #expect(socket.local.port == UInt16(values["sport"] as? Int ?? -1))
            #expect(socket.remote.port == UInt16(values["dport"] as? Int ?? -1))
            #expect(socket.local.address.description == values["src"] as? String)
            #expect(Int(socket.inode) == values["inode"] as? Int)
            #expect(Int(socket.cookie) == values["cookie"] as? Int)
            #expect(socket.unread == values["rqueue"] as? Int)
            if let memory = values["skmem"] as? [String: Int] {
                #expect(socket.memory?.received == memory["rmem_alloc"])
                #expect(socket.memory?.receiveLimit == memory["rcvbuf"])
                #expect(socket.memory?.handedDown == memory["wmem_alloc"])
                #expect(socket.memory?.drops.map { Int($0) } == memory["drops"])
            }
            if let name = values["cong"] as? String { #expect(socket.congestionControl == name) }
            guard let information = values["info"] as? [String: Any], socket.state != .listening else { continue }
            func number(_ key: String) -> Int? { information[key] as? Int }
            func micro(_ key: String) -> Nanoseconds? { number(key).map { Nanoseconds($0) * 1_000 } }
            let size = number("snd_mss") ?? 0
            #expect(socket.segmentSize == (size > 0 ? size : nil))
            #expect(socket.congestionWindow == number("snd_cwnd").map { $0 * size })
            #expect(socket.smoothedRoundTrip == micro("rtt").flatMap { $0 == 0 ? nil : $0 })
            #expect(socket.notSent == number("notsent_bytes"))
            #expect(socket.acknowledgedBytes.map { Int($0) } == number("bytes_acked"))
            #expect(socket.busy == micro("busy_time"))
            #expect(socket.peerWindow == number("snd_wnd"))
            #expect(socket.receiveWindow == number("rcv_wnd"))
            #expect(socket.retransmissions == number("total_retrans"))
        }
    }

    /// A dump that is not whole counts for nothing, and is asked for again.
    @Test func incompleteDumpsAreRefused() throws {
        for (name, failure) in [
            ("sock-interrupted", NetlinkAnswer.Failure.interrupted), ("sock-enobufs", .refused(105)),
            ("sock-cut-20", .truncated), ("sock-cut-80", .truncated), ("sock-cut-250", .truncated),
        ] {
            #expect(throws: failure, "\(name)") { try sockets(name) }
            #expect(failure.isTransient)
        }
        #expect(!NetlinkAnswer.Failure.refused(1).isTransient)
    }

    /// The kernel's gains of 5/4, 3/4 and 2.89 name BBR's phases.
    @Test func phasesOfBBR() {
        var state = BBRState(bandwidth: 1)
        for (pacing, window, name) in [
            (739.0, 739.0, "startup"), (88, 739, "drain"), (320, 512, "probe_up"), (192, 512, "probe_down"),
            (256, 512, "cruise"), (256, 256, "probe_rtt"),
        ] {
            state.pacingGain = pacing / 256
            state.windowGain = window / 256
            #expect(state.phase == name)
        }
        state.windowGain = nil
        #expect(state.phase == nil)
    }

    @Test func anIPv4EndInASocketOfIPv6IsThatEnd() throws {
        let name = try #require(NetlinkFixture.names("sock-tcp6-server").first)
        #expect(try sockets(name).allSatisfy { !$0.local.address.description.contains("ffff") })
    }

    /// Cut at every byte, no parser of this room traps, and no answer cut short is taken for whole.
    @Test(arguments: NetlinkFixture.all) func cutAtEveryByte(_ name: String) throws {
        let fixture = try NetlinkFixture(name)
        for datagram in fixture.datagrams.prefix(2) {
            for length in stride(from: 0, to: min(datagram.count, 1_200), by: 1) {
                withSpan(Array(datagram.prefix(length))) { bytes in
                    let answer = NetlinkAnswer(isDump: true)
                    _ = try? answer.read(bytes) { type, body in
                        _ = SocketMessage.socket(body, at: Self.time)
                        _ = SocketMessage.memory(body)
                        _ = QdiscMessage(type: type, body)
                        _ = LinkMessage(body)
                    }
                }
            }
        }
    }
}
