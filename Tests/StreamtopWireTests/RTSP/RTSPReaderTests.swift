import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct RTSPReaderTests {
    /// Messages by what they are, packets by channel and bytes.
    private func read(_ bytes: [UInt8], cutInto size: Int = .max, gap: Range<Int>? = nil) -> [String] {
        var reader = RTSPReader()
        var found: [String] = []
        var position = 0
        while position < bytes.count {
            if let gap, position == gap.lowerBound {
                reader.gap(of: UInt64(gap.count))
                position = gap.upperBound
                continue
            }
            let border = gap.map { position < $0.lowerBound ? $0.lowerBound : bytes.count } ?? bytes.count
            let end = size < border - position ? position + size : border
            let part = Array(bytes[position..<end])
            var input = ByteReader(unsafe part.span.bytes)
            while let element = reader.next(&input) {
                switch element {
                case .message(let message):
                    found.append(
                        "\(message.method ?? message.status.map(String.init) ?? "?") \(message.sequence ?? 0) \(message.body.count)"
                    )
                case .packet(let channel, let count):
                    found.append("\(channel): " + Array(part[(input.consumed - count)..<input.consumed]).hex)
                case .assembled(let channel):
                    var packet: [UInt8] = []
                    reader.takePacket { span in
                        var whole = ByteReader(span)
                        packet = whole.copy(whole.remaining)
                    }
                    found.append("\(channel): " + packet.hex)
                case .malformed: found.append("malformed")
                }
            }
            position = end
        }
        return found
    }

    private let stream: [UInt8] = {
        let setup = "SETUP rtsp://h/a RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
        var bytes = Array(setup.utf8)
        bytes += [UInt8](hex: "2400000c 8021 0001 00000000 00000007 24010008 80c90001 00000007")
        bytes += Array("RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\nhello\r\n".utf8)
        bytes += [UInt8](hex: "2400000c 8021 0002 00000000 00000007")
        return bytes
    }()

    @Test func messagesAndPackets() {
        #expect(
            read(stream) == [
                "SETUP 3 0", "0: 802100010000000000000007", "1: 80c9000100000007", "200 3 5",
                "0: 802100020000000000000007",
            ])
    }

    @Test func anyCutSaysTheSame() {
        let whole = read(stream)
        for size in 1...40 { #expect(read(stream, cutInto: size) == whole, "pieces of \(size)") }
    }

    @Test func aGapAtEveryPlaceIsSurvived() {
        for start in 0..<stream.count - 40 {
            let found = read(stream, cutInto: 9, gap: start..<start + 7)
            // The last packet is found again, and nothing is made up.
            #expect(found.last == "0: 802100020000000000000007", "gap at \(start)")
        }
    }

    @Test func whatBeginsAStream() {
        func begins(_ text: String) -> String {
            let bytes = Array(text.utf8)
            let found = RTSPReader.canBegin(unsafe bytes.span.bytes)
            return found.kind ? found.isClient ? "client" : "server" : "no"
        }
        #expect(begins("OPTIONS rtsp://h/a RTSP/1.0\r\n") == "client" && begins("DESCRIBE rtsp://h") == "client")
        #expect(begins("OPTIONS * RTSP/1.0\r\n") == "client" && begins("RTSP/1.0 200 OK\r\n") == "server")
        #expect(begins("OPTIONS / HTTP/1.1\r\n") == "no" && begins("PLAY it again") == "no" && begins("SETU") == "no")
    }

    @Test func damagedBytesNeverTrap() {
        var random = SeededRandom(seed: 21)
        for _ in 0..<2_000 { _ = read(random.damaged(stream), cutInto: Int.random(in: 1...100, using: &random)) }
        let endless = [UInt8](repeating: 0x41, count: 40_000)
        #expect(read(endless).first == "malformed")
    }
}
