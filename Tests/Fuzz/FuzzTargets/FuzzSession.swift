import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// The way of media from bytes to sessions: exchanges of two HTTP/1.1 connections with manifests and media, and who joins them. Each
/// stretch of the input begins with what it is (a request, a response, a tick of the clock), its name and its length.
func fuzzSession(_ bytes: [UInt8]) {
    var first = HTTP1ConnectionTracker(isSecure: false)
    var second = HTTP1ConnectionTracker(isSecure: false)
    var table = MediaSessionTable()
    var now = Observation()
    var time = Timestamp(seconds: 1_790_000_000, nanoseconds: 0)
    var events: [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)] = []
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    while reader.remaining > 3 {  // each turn takes three bytes or more
        let head = reader.uint8()
        let name = reader.uint8()
        let count = Int(reader.uint8()) * (head & 64 == 0 ? 1 : 16)
        time = time + .milliseconds(Int64(head & 7) * 100)
        var part = reader.reader(of: min(count, reader.remaining))
        let isFirst = head & 8 == 0
        var text: [UInt8]
        var direction = Direction.fromClient
        switch head >> 4 & 3 {
        case 0:
            text = request(name)
        case 1, 2:
            direction = .fromServer
            text = response(name, part.remaining)
            part.append(part.remaining, to: &text)
        default:
            table.advance(to: time, into: &events)
            continue
        }
        now.begin(from: direction, at: time)
        let delivery = Delivery(
            direction: direction, time: time,
            content: .bytes(DeliveredRange(.payload, start: 0, count: text.count)))
        let span = unsafe text.span.bytes  // UInt8 has no padding
        if isFirst { first.observe(span, delivery, &now) } else { second.observe(span, delivery, &now) }
        now.clear()
        for report in isFirst ? first.takeReports() : second.takeReports() {
            let client = Endpoint(address: IPAddress(v4: 1), port: isFirst ? 1 : 2)
            table.take(
                FlowReport(
                    flow: isFirst ? 1 : 2, identifier: FlowIdentifier(number: 1), client: client,
                    server: .unspecified, report: report), into: &events)
        }
        precondition(table.manifestBytes <= MediaSessionTable.manifestCapacity)
    }
    table.forEachBuffer(at: time) { _, _ in }
    for session in table.snapshots(at: time) { precondition(session.confidence > 0 && session.confidence < 1) }
}

private func request(_ name: UInt8) -> [UInt8] {
    let paths = [
        "live.mpd", "main.m3u8", "v.m3u8?_HLS_msn=3&_HLS_part=1", "init-0.mp4", "seg-0-\(name >> 4).m4s",
        "seg-1-\(name >> 4).m4s", "p\(name >> 4).ts", "time",
    ]
    let report = name & 8 == 0 ? "" : "CMCD-Request: bl=\(Int(name) * 100),ltc=\(name),bs\r\n"
    return Array("GET /live/\(paths[Int(name & 7)]) HTTP/1.1\r\nHost: h\r\n\(report)\r\n".utf8)
}

private func response(_ name: UInt8, _ length: Int) -> [UInt8] {
    let types = ["application/dash+xml", "application/vnd.apple.mpegurl", "video/mp4", "video/mp2t"]
    let type = types[Int(name & 3)]
    let date = name & 4 == 0 ? "" : "Date: Mon, 21 Sep 2026 14:13:2\(name >> 4 & 7) GMT\r\n"
    return Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\(date)Content-Length: \(length)\r\n\r\n".utf8)
}
