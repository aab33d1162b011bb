import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// What the host's sockets hold, by process; commands that advice names; groups by owner; the kernel's lines.
@Suite struct SocketsScreenTests {
    private static func holding(
        _ port: UInt16, unread: Int, unsent: Int, _ process: ProcessSnapshot?, inode: UInt32, drops: UInt64? = nil
    ) -> SocketHolding {
        var socket = SocketHolding(
            transport: .tcp, local: SampleSnapshots.endpoint("192.0.2.17", 443),
            remote: SampleSnapshots.endpoint("203.0.113.9", port), unread: unread, unsent: unsent, inode: inode)
        socket.process = process
        socket.drops = drops
        return socket
    }

    @Sendable static func busy() -> Snapshot {
        var snapshot = SampleLadders.host()
        let origin = ProcessSnapshot(pid: 4_711, name: "origin", user: "www", container: "0123456789ab")
        let player = ProcessSnapshot(pid: 88, name: "player", user: "ann")
        snapshot.host?.fullest += [
            holding(50_001, unread: 90_112, unsent: 0, player, inode: 10),
            holding(50_002, unread: 0, unsent: 1_200_000, origin, inode: 11),
            holding(50_003, unread: 4_096, unsent: 0, nil, inode: 12),
            holding(50_004, unread: 0, unsent: 0, player, inode: 13, drops: 41),
            holding(50_005, unread: 0, unsent: 0, player, inode: 14),
        ]
        snapshot.host?.sockets.tcpMemory = 13_000_000
        snapshot.host?.sockets.tcpMemoryPressure = 250_000_000
        return snapshot
    }

    @Test func processesStandByWhatTheirSocketsHold() {
        let holders = SocketHolder.all(Self.busy())
        #expect(holders.map(\.name) == ["origin (4711) in 0123456789ab", "player (88)", "owner not known"])
        #expect(holders[0].unsent == 1_216_528)
        // The flow of a socket that carries one; sockets that hold nothing and lost nothing are not listed.
        #expect(holders[0].flow == FlowIdentifier(number: 3))
        #expect(holders[1].sockets.count == 2)
        #expect(holders[1].drops == 41)
        #expect(holders[2].flow == nil)
    }

    @Test func withoutAHostThereAreNone() {
        #expect(SocketHolder.all(SampleSnapshots.evening()).isEmpty)
        #expect(SocketsScreen.page.isPresent(SampleSnapshots.evening()) == false)
    }

    @Test(arguments: [
        (
            "On this host: a shorter limit or an AQM below the shaper: tc qdisc add dev eth0 parent 1:1 fq_codel. Risk: earlier drops.",
            ["tc qdisc add dev eth0 parent 1:1 fq_codel"]
        ),
        (
            "sysctl -w net.core.netdev_max_backlog=2000 (now 1000; try 2000), and spread arrival (RSS: ethtool -L, RPS). Risk: memory.",
            ["sysctl -w net.core.netdev_max_backlog=2000"]
        ),
        (
            "ethtool -G eth0 rx 512 (now 256); sysctl -w net.core.rmem_max=4194304 (now 212992) lets it.",
            ["ethtool -G eth0 rx 512", "sysctl -w net.core.rmem_max=4194304"]
        ),
        (
            "On this host: ip netns exec web tc qdisc replace dev eth0 root fq_codel (net.core.default_qdisc is pfifo_fast). Risk: drops.",
            ["ip netns exec web tc qdisc replace dev eth0 root fq_codel"]
        ),
        (
            "nsenter -n -t 4711 ethtool -G eth0 rx 512 (now 256); spread its interrupts. See ip netns exec(8).",
            ["nsenter -n -t 4711 ethtool -G eth0 rx 512"]
        ),
        ("At the client: look at the thread that reads.", []), ("", []), ("etc qdisc add dev eth0 root fq", []),
    ])
    func commandsAreToldFromSentences(advice: String, commands: [String]) {
        #expect(AdvisedCommands.of(advice) == commands)
    }

    @Test func theSameKeyCopiesCommandsOfFlowAndHost() {
        let context = SampleSnapshots.context(SampleLadders.host())
        var state = ViewState(width: 80, height: 24)
        ViewReducer.advance(&state, in: context)
        state.page = .host
        let command = "tc qdisc add dev eth0 parent 8001:1 fq_codel"
        #expect(ViewReducer.reduce(&state, "x", in: context) == [.copy(command)])
        _ = ViewReducer.open(FlowIdentifier(number: 3), &state)
        #expect(ViewReducer.reduce(&state, "x", in: context) == [.copy(command)])
        // Nothing is advised that is a command: that is said, and the clipboard left alone.
        let quiet = SampleSnapshots.context(SampleSnapshots.evening())
        #expect(ViewReducer.reduce(&state, "x", in: quiet).isEmpty)
        #expect(state.notice?.text == Words.noCommand)
    }

    @Test func flowsAreGroupedByTheirOwnersWhereAnyIsKnown() throws {
        let owned = SampleLadders.host()
        #expect(FlowGroup.Key.port.next(owned) == .process)
        #expect(FlowGroup.Key.process.next(owned) == .container)
        #expect(FlowGroup.Key.container.next(owned) == .server)
        #expect(FlowGroup.Key.port.next(SampleSnapshots.evening()) == .server)
        let group = try #require(FlowGroup.all(owned, .all, by: .process).first)
        #expect(group.name == "origin")
        let filter = try FilterParser.parse(try #require(FlowGroup.Key.process.filter(group.name)))
        #expect(filter.matches(owned.flows[0]))
        #expect(try FilterParser.parse("process:4711").matches(owned.flows[0]))
        #expect(try FilterParser.parse("container:0123").matches(owned.flows[0]))
        #expect(try !FilterParser.parse("process:origin").matches(SampleSnapshots.evening().flows[0]))
    }

    @Test func theDetourOverTheRelayIsSaidWhereItIsMeasured() {
        var snapshot = SampleCalls.many()
        let before = CallsScreen.headline(snapshot.calls[0], SampleSnapshots.context(snapshot)).sentence
        #expect(!before.contains("way to the relay"))
        var relay = SampleSnapshots.flow(
            30, "10.0.3.9", 60_122, "198.51.100.7", 3_478, transport: .udp, protocols: ["ipv4", "udp", "stun"],
            up: 1e6, down: 1e6)
        relay.roundTrip.server = SampleSnapshots.summary(18, minimum: 17, p95: 20, source: .stun)
        let position = snapshot.flows.firstIndex { $0.identifier.number > 30 } ?? snapshot.flows.count
        snapshot.flows.insert(relay, at: position)
        let after = CallsScreen.headline(snapshot.calls[0], SampleSnapshots.context(snapshot)).sentence
        #expect(after.contains("≥18.0 of the 41.0 ms are the way to the relay"), "\(after)")
    }

    /// The column of owners is there where an owner is known, and takes no room where none can be.
    @Test func ownersHaveAColumnWhereTheyAreKnown() {
        for (snapshot, isThere) in [(SampleLadders.host(), true), (SampleSnapshots.evening(), false)] {
            let context = SampleSnapshots.context(snapshot)
            var state = ViewState(width: 200, height: 60)
            ViewReducer.advance(&state, in: context)
            let columns = PageLayout(state, context).columnExtents(state, context).map(\.column)
            #expect(columns.contains(.process) == isThere)
        }
    }
}
