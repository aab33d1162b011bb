import Foundation

/// Writes a capture of live-stream-like traffic: many TCP downloads with handshake, timestamps, delayed ACKs and one
/// percent of repeated segments, some of them over IPv6, and RTP-sized UDP datagrams. The same arguments give the same
/// bytes.
struct MixedCapture {
    var flows: Int
    var packetsPerFlow: Int
    /// Flows alive at one time.
    var concurrent: Int
    var seed: UInt64 = 7

    private(set) var packets = 0
    private(set) var bytes = 0

    init(flows: Int, packetsPerFlow: Int, concurrent: Int) {
        self.flows = flows
        self.packetsPerFlow = packetsPerFlow
        self.concurrent = concurrent
    }

    /// One conversation in the making.
    private struct Conversation {
        var number: Int
        var isUDP: Bool
        var isIPv6: Bool
        var left: Int
        var step = 0
        var clientSequence: UInt32
        var serverSequence: UInt32
        var acknowledged: UInt32
        var unacknowledged = 0
        var lastServerStamp: UInt32 = 0
        var lastClientStamp: UInt32 = 0
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    mutating func write(to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        var random = Generator(state: seed)
        var out = [UInt8]()
        out.reserveCapacity(1 << 22)
        out.append(contentsOf: [
            0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
        ])
        var started = 0
        var alive: [Conversation] = []
        var nanoseconds: UInt64 = 1_700_000_000_000_000_000
        while started < flows || !alive.isEmpty {
            while alive.count < concurrent, started < flows {
                alive.append(begin(started, &random))
                started += 1
            }
            let index = Int.random(in: 0..<alive.count, using: &random)
            nanoseconds += UInt64.random(in: 2_000...18_000, using: &random)
            append(&alive[index], at: nanoseconds, to: &out, &random)
            if alive[index].left <= 0 {
                alive.swapAt(index, alive.count - 1)
                alive.removeLast()
            }
            if out.count > 1 << 22 {
                try file.write(contentsOf: Data(out))
                out.removeAll(keepingCapacity: true)
            }
        }
        try file.write(contentsOf: Data(out))
        try file.close()
    }

    private func begin(_ number: Int, _ random: inout Generator) -> Conversation {
        // Heavy-tailed sizes around the mean asked for: most flows are short, a few carry most of the bytes.
        let unit = Double.random(in: 0.02..<1, using: &random)
        let length = max(9, Int(Double(packetsPerFlow) * 0.5 / unit.squareRoot() * (unit < 0.1 ? 2.2 : 0.75)))
        return Conversation(
            number: number, isUDP: number % 9 == 4, isIPv6: number % 5 == 2, left: length,
            clientSequence: UInt32.random(in: 0...UInt32.max, using: &random),
            serverSequence: UInt32.random(in: 0...UInt32.max, using: &random), acknowledged: 0)
    }

    private mutating func append(
        _ talk: inout Conversation, at time: UInt64, to out: inout [UInt8], _ random: inout Generator
    ) {
        talk.left -= 1
        talk.step += 1
        let stamp = UInt32(truncatingIfNeeded: time / 1_000_000)
        if talk.isUDP {
            frame(talk, fromClient: talk.step % 10 == 0, tcp: nil, payload: talk.step % 10 == 0 ? 80 : 1100, time, &out)
            return
        }
        switch talk.step {
        case 1:
            frame(
                talk, fromClient: true, tcp: .init(flags: 2, syn: true, stamp: stamp, echo: 0), payload: 0, time, &out)
            talk.clientSequence &+= 1
        case 2:
            talk.lastClientStamp = stamp
            frame(
                talk, fromClient: false, tcp: .init(flags: 0x12, syn: true, stamp: stamp, echo: stamp), payload: 0,
                time,
                &out)
            talk.serverSequence &+= 1
            talk.acknowledged = talk.serverSequence
        case 3, 4:
            let payload = talk.step == 4 ? 420 : 0
            frame(
                talk, fromClient: true,
                tcp: .init(flags: payload > 0 ? 0x18 : 0x10, syn: false, stamp: stamp, echo: talk.lastServerStamp),
                payload: payload, time, &out)
            talk.clientSequence &+= UInt32(payload)
            talk.lastClientStamp = stamp
        default:
            if talk.left <= 2 {
                frame(
                    talk, fromClient: talk.left == 1,
                    tcp: .init(flags: 0x11, syn: false, stamp: stamp, echo: stamp), payload: 0, time, &out)
            } else if talk.unacknowledged >= 2 {
                talk.acknowledged = talk.serverSequence
                talk.unacknowledged = 0
                frame(
                    talk, fromClient: true,
                    tcp: .init(flags: 0x10, syn: false, stamp: stamp, echo: talk.lastServerStamp),
                    payload: 0, time, &out)
            } else {
                let isRepeat = Int.random(in: 0..<100, using: &random) == 0 && talk.unacknowledged > 0
                if isRepeat { talk.serverSequence &-= 1448 }
                frame(
                    talk, fromClient: false,
                    tcp: .init(flags: 0x18, syn: false, stamp: stamp, echo: talk.lastClientStamp), payload: 1448, time,
                    &out)
                talk.serverSequence &+= 1448
                talk.unacknowledged += 1
                talk.lastServerStamp = stamp
            }
        }
    }

    private struct TCPFields {
        var flags: UInt8
        var syn: Bool
        var stamp: UInt32
        var echo: UInt32
    }

    private mutating func frame(
        _ talk: Conversation, fromClient: Bool, tcp: TCPFields?, payload: Int, _ time: UInt64, _ out: inout [UInt8]
    ) {
        let transportHeader = tcp.map { $0.syn ? 40 : 32 } ?? 8
        let networkHeader = talk.isIPv6 ? 40 : 20
        let length = 14 + networkHeader + transportHeader + payload
        packets += 1
        bytes += length
        little(UInt32(time / 1_000_000_000), &out)
        little(UInt32(time % 1_000_000_000), &out)
        little(UInt32(length), &out)
        little(UInt32(length), &out)
        out.append(contentsOf: [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])
        let transport: UInt8 = tcp == nil ? 17 : 6
        let client = UInt32(0x0a00_0000) + UInt32(talk.number / 50_000 + 1) << 8 + 7
        let server = UInt32(0xc000_0200) + UInt32(talk.number % 40)
        if talk.isIPv6 {
            out.append(contentsOf: [0x86, 0xdd, 0x60, 0, 0, 0])
            big(UInt16(transportHeader + payload), &out)
            out.append(contentsOf: [transport, 64])
            for address in fromClient ? [client, server] : [server, client] {
                out.append(contentsOf: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0])
                big(address, &out)
            }
        } else {
            out.append(contentsOf: [0x08, 0, 0x45, 0])
            big(UInt16(20 + transportHeader + payload), &out)
            out.append(contentsOf: [0, 1, 0x40, 0, 64, transport, 0, 0])
            for address in fromClient ? [client, server] : [server, client] { big(address, &out) }
        }
        let clientPort = UInt16(10_000 + talk.number % 50_000)
        let serverPort: UInt16 = tcp == nil ? 5004 : 443
        big(fromClient ? clientPort : serverPort, &out)
        big(fromClient ? serverPort : clientPort, &out)
        if let tcp {
            big(fromClient ? talk.clientSequence : talk.serverSequence, &out)
            let acknowledged = fromClient ? talk.acknowledged : talk.clientSequence
            big(tcp.flags == 2 ? 0 : acknowledged, &out)
            out.append(contentsOf: [UInt8(transportHeader / 4) << 4, tcp.flags, 0xff, 0xff, 0, 0, 0, 0])
            if tcp.syn { out.append(contentsOf: [2, 4, 5, 0xb4, 4, 2]) } else { out.append(contentsOf: [1, 1]) }
            out.append(contentsOf: [8, 10])
            big(tcp.stamp, &out)
            big(tcp.echo, &out)
            if tcp.syn { out.append(contentsOf: [1, 3, 3, 7]) }
        } else {
            big(UInt16(8 + payload), &out)
            out.append(contentsOf: [0, 0])
        }
        out.append(contentsOf: repeatElement(0x5a, count: payload))
    }

    private func big(_ value: UInt16, _ out: inout [UInt8]) {
        out.append(UInt8(value >> 8))
        out.append(UInt8(value & 255))
    }

    private func big(_ value: UInt32, _ out: inout [UInt8]) {
        big(UInt16(value >> 16), &out)
        big(UInt16(value & 0xffff), &out)
    }

    private func little(_ value: UInt32, _ out: inout [UInt8]) {
        for shift in [UInt32(0), 8, 16, 24] { out.append(UInt8(value >> shift & 255)) }
    }
}
