import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopHost

/// Files below /proc, as this kernel writes them and as nobody should.
@Suite struct ProcTextTests {
    @Test func softNetByColumns() throws {
        let lines = ProcText.softNet(try NetlinkFixture.text("softnet_stat.txt"))
        #expect(lines.map(\.processor) == [0, 1])
        #expect(lines[0] == ProcText.SoftNet(processor: 0, processed: 0x16d_cafd, dropped: 0, squeezed: 3, backlog: 0))
        // Before 5.10 there is no backlog: not known, which is not none.
        let old = ProcText.softNet("00000010 00000002 00000003 0 0 0 0 0 0\n0000000a 1 2")
        #expect(old.map(\.backlog) == [nil, nil])
        #expect(old[1] == ProcText.SoftNet(processor: 1, processed: 10, dropped: 1, squeezed: 2, backlog: nil))
        #expect(ProcText.softNet("zz 1 2\n\n1 2").isEmpty)
    }

    @Test func countersByGroup() throws {
        let netstat = ProcText.counters(try NetlinkFixture.text("netstat.txt"))
        #expect(netstat["TcpExt.ListenOverflows"] != nil && netstat["TcpExt.TCPRcvQDrop"] != nil)
        let snmp = ProcText.counters(try NetlinkFixture.text("snmp.txt"))
        #expect(snmp["Udp.RcvbufErrors"] != nil)
        #expect(snmp["Tcp.MaxConn"] == nil, "-1 is no count")
        #expect(ProcText.counters("A: x y\nA: 1\nB: z\nB: 3\n") == ["B.z": 3])
        #expect(ProcText.counters("A: x\nB: 1").isEmpty)
    }

    @Test func socketStatisticsPressureAndNumbers() {
        let values = ProcText.socketStatistics(
            "sockets: used 12\nTCP: inuse 27 orphan 0 tw 5 alloc 30 mem 4\nUDP: inuse x\n")
        #expect(
            values == [
                "sockets.used": 12, "TCP.inuse": 27, "TCP.orphan": 0, "TCP.tw": 5, "TCP.alloc": 30, "TCP.mem": 4,
            ])
        #expect(ProcText.pressure("some avg10=1.50 avg60=0.10 avg300=0.00 total=9\nfull avg10=9.00\n") == 0.015)
        #expect(ProcText.pressure("some avg10=-3 x") == nil)
        #expect(ProcText.pressure("") == nil)
        #expect(ProcText.numbers("4096\t131072\t6291456\n") == [4_096, 131_072, 6_291_456])
    }

    @Test func owners() {
        #expect(ProcText.socketInode("socket:[1984345]") == 1_984_345)
        for link in ["pipe:[3]", "socket:[]", "socket:[-1]", "socket:[99999999999]", "/dev/null"] {
            #expect(ProcText.socketInode(Substring(link)) == nil)
        }
        let id = String(repeating: "0123456789abcdef", count: 4)
        #expect(ProcText.container("0::/system.slice/docker-\(id).scope\n") == "0123456789ab")
        #expect(ProcText.container("12:pids:/kubepods/besteffort/pod1/\(id)\n") == "0123456789ab")
        #expect(ProcText.container("0::/user.slice/user-1000.slice\n") == nil)
        let owner = OwnerScan.Owner(pid: 7, name: "a b\nc", user: 0, container: nil)
        #expect(OwnerFinder.parse(String(OwnerFinder.line(9, owner).dropLast()))?.owner.name == "a b c")
        for line in ["", "9 7 0 -", "x 7 0 - name", "9 7 -1 - name", "."] { #expect(OwnerFinder.parse(line) == nil) }
    }

    @Test func dropsOfDrivers() throws {
        let lines = try NetlinkFixture.text("ethtool-S-virtio.txt").split(separator: "\n").dropFirst()
        let counters = lines.compactMap { line -> (name: String, value: UInt64)? in
            let parts = line.split(separator: ":")
            guard parts.count == 2, let value = UInt64(parts[1].filter { $0 != " " }) else { return nil }
            return (parts[0].filter { $0 != " " }, value)
        }
        #expect(Ethtool.drops(counters) == 0)
        #expect(Ethtool.drops([("rx_missed_errors", 3), ("rx_queue_0_no_buf", 2), ("tx_fifo", 9)]) == 3)
        #expect(Ethtool.drops([("rx0_missed", 3), ("rx1_missed", 4)]) == 7)
        #expect(Ethtool.drops([("rx_packets", 3), ("rx_errors", 4)]) == nil)
    }
}
