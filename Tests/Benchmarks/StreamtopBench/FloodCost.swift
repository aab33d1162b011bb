import Foundation
import StreamtopBase
import StreamtopTestSupport

/// Floods of small packets that each ask for much memory, at full size, as captures: what the program holds of them at most.
///
/// The bound is the budget of 256 MiB and as much again for what it does not cover: the table of flows, the program itself.
enum FloodCost: String, CaseIterable {
    case dtlsFragments = "500,000 flows, one DTLS fragment each that claims 60 KB"
    case dtlsMessages = "20,000 flows, two messages both ways in 4 datagrams of 68 bytes"
    case quicInitials = "30,000 QUIC flows, CRYPTO at offset 65,535 in an Initial each way"
    case tcpHoles = "4,000 TLS flows that grow together, 100 KB each behind a hole"
    case syns = "1,000,000 SYNs"
    case datagrams = "500,000 two-way UDP flows in a second, 50 media flows beside them"

    /// Resident bytes that may be reached, in megabytes.
    static let bound = 512.0
    static let mediaFlows = 50

    private static var server: Endpoint { "192.0.2.1:443" }
    private static var mediaServer: Endpoint { "192.0.2.9:5004" }

    /// Writes the flood as a capture; returns the packets.
    func write(to path: String) throws -> Int {
        var writer = try FloodWriter(path: path)
        switch self {
        case .dtlsFragments:
            let fragment = FloodBuilder.dtlsFragment(length: 60_000, offset: 5, count: 200)
            for number in 0..<500_000 { try writer.udp(FloodBuilder.client(number), Self.server, fragment) }
        case .dtlsMessages:
            for number in 0..<20_000 {
                for message in 0..<2 {
                    let fragment = FloodBuilder.dtlsFragment(length: 48_000, offset: 9, count: 1, message: message)
                    try writer.udp(FloodBuilder.client(number), Self.server, fragment)
                    try writer.udp(Self.server, FloodBuilder.client(number), fragment)
                }
            }
        case .quicInitials:
            for number in 0..<30_000 {
                let initials = FloodBuilder.quicInitials(number, cryptoOffset: 65_535)
                try writer.udp(FloodBuilder.client(number), Self.server, initials.client)
                try writer.udp(Self.server, FloodBuilder.client(number), initials.server)
            }
        case .tcpHoles:
            for number in 0..<4_000 { try writer.hole(number, Self.server) }
            // A segment of each in turn: none comes near its own cap of 256 KB, and together they want 400 MB.
            for start in stride(from: 0, to: 100_000, by: 1_400) {
                for number in 0..<4_000 { try writer.behindHole(number, Self.server, at: start) }
            }
        case .syns:
            for number in 0..<1_000_000 {
                try writer.frame(
                    PacketBuilder.tcpFrame(
                        from: FloodBuilder.client(number), to: Self.server, sequence: UInt32(number), flags: 2))
            }
        case .datagrams: try writeMedia(&writer)
        }
        try writer.close()
        return writer.packets
    }

    /// Media alone for 1.1 s, then for 2 s beside half a million flows a second that carry something both ways.
    private func writeMedia(_ writer: inout FloodWriter) throws {
        var next = 0
        for tick in 0..<310 {
            for number in 0..<Self.mediaFlows {
                let client = Endpoint(address: IPAddress(v4: 0x0a00_0000 + UInt32(number)), port: 5_004)
                try writer.udp(client, Self.mediaServer, [0x80, 96, 1, 2], after: 0)
                try writer.udp(Self.mediaServer, client, [0x80, 96, 1, 2], after: 0)
            }
            guard tick >= 110 else {
                writer.time += 10_000_000
                continue
            }
            for _ in 0..<5_000 {
                try writer.udp(FloodBuilder.client(next), Self.server, [1, 2, 3])
                try writer.udp(Self.server, FloodBuilder.client(next), [1, 2, 3])
                next += 1
            }
        }
    }

    /// The flood is one that the budget has to stop, rather than the cap of each flow.
    var spendsBudget: Bool { self == .dtlsFragments || self == .quicInitials || self == .tcpHoles }

    /// Of the summary that a run ended with, how often bytes were given up for want of memory, and how many.
    static func released(in output: String) throws -> (releases: Int, megabytes: Double) {
        let text = try String(contentsOfFile: output, encoding: .utf8)
        func number(_ name: String) -> Int {
            guard let range = text.range(of: "\"\(name)\":", options: .backwards) else { return 0 }
            return Int(text[range.upperBound...].prefix { $0.isNumber }) ?? 0
        }
        return (number("releases"), Double(number("released_bytes")) / 1e6)
    }

    /// Of the output of a run, the flows of media that are there from their first packet to their last.
    static func mediaKept(in output: String) throws -> Int {
        var kept = 0
        for line in try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
        where line.contains("\"ip\":\"192.0.2.9\",\"port\":5004,\"packets\":310,") { kept += 1 }
        return kept
    }
}

/// A capture that is written packet by packet, a microsecond apart where nothing else is said.
struct FloodWriter: ~Copyable {
    private let file: FileHandle
    private var out: [UInt8] = []
    var time: UInt64 = 1_700_000_000_000_000_000
    private(set) var packets = 0

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        self.file = file
        // A pcap file of Ethernet frames with stamps in nanoseconds.
        out = [0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0]
    }

    mutating func udp(_ from: Endpoint, _ to: Endpoint, _ payload: [UInt8], after: UInt64 = 1_000) throws {
        try frame(PacketBuilder.udpFrame(from: from, to: to, payload: payload), after: after)
    }

    /// A TLS connection of which the first bytes came.
    mutating func hole(_ number: Int, _ server: Endpoint) throws {
        let client = FloodBuilder.client(number)
        try frame(PacketBuilder.tcpFrame(from: client, to: server, sequence: 0, flags: 2))
        try frame(PacketBuilder.tcpFrame(from: server, to: client, sequence: 0, acknowledgment: 1, flags: 0x12))
        let begin: [UInt8] = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3] + [UInt8](repeating: 5, count: 100)
        try frame(PacketBuilder.tcpFrame(from: client, to: server, sequence: 1, acknowledgment: 1, payload: begin))
    }

    /// A segment of that connection, `start` bytes behind the hole.
    mutating func behindHole(_ number: Int, _ server: Endpoint, at start: Int) throws {
        try frame(
            PacketBuilder.tcpFrame(
                from: FloodBuilder.client(number), to: server, sequence: UInt32(2_000 + start), acknowledgment: 1,
                payload: [UInt8](repeating: 6, count: 1_400)))
    }

    mutating func frame(_ bytes: [UInt8], after: UInt64 = 1_000) throws {
        packets += 1
        time += after
        for word in [time / 1_000_000_000, time % 1_000_000_000, UInt64(bytes.count), UInt64(bytes.count)] {
            for shift: UInt64 in [0, 8, 16, 24] { out.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        out.append(contentsOf: bytes)
        if out.count > 1 << 22 { try flush() }
    }

    private mutating func flush() throws {
        try file.write(contentsOf: Data(out))
        out.removeAll(keepingCapacity: true)
    }

    mutating func close() throws {
        try flush()
        try file.close()
    }
}
