import StreamtopBase
import StreamtopModel

/// What streams of a connection had to wait for, and what else they carry: shown where there is any.
enum HTTPWaitLines {
    static func all(_ flow: FlowSnapshot) -> [[TextSpan]] {
        var lines: [[TextSpan]] = []
        if let waits = flow.http2?.headOfLine, let line = headOfLine(waits) { lines.append(line) }
        guard let http3 = flow.http3 else { return lines }
        if let line = headOfLine(http3.headOfLine) { lines.append(line) }
        if http3.blockedSections > 0 {
            lines.append([
                TextSpan("QPACK  ", .title),
                TextSpan("\(NumberText.grouped(http3.blockedSections)) header blocks waited for its table", .text),
                TextSpan("  \(DurationText.withUnit(http3.blockedTime))", .value),
            ])
        }
        return lines + http3.webTransport.prefix(3).map(session)
    }

    private static func headOfLine(_ waits: BothDirections<HeadOfLineSnapshot>) -> [TextSpan]? {
        var spans = [TextSpan("head of line  ", .title)]
        for (name, end) in [(Words.server, waits.server), (Words.client, waits.client)] where end.holes > 0 {
            spans += [
                TextSpan("\(name) ", .label), TextSpan(DurationText.withUnit(end.waited), .value),
                TextSpan(
                    " behind \(NumberText.grouped(end.holes)) \(end.holes == 1 ? "hole" : "holes"), \(NumberText.grouped(end.streams)) \(Words.streams) waited  ",
                    .text),
            ]
        }
        return spans.count > 1 ? spans : nil
    }

    private static func session(_ session: WebTransportSnapshot) -> [TextSpan] {
        var spans = [TextSpan("WebTransport  ", .badge), TextSpan(session.url ?? Words.unknown, .text)]
        if session.isAccepted == false { spans.append(TextSpan("  refused", .watch)) }
        for (name, end) in [(Words.server, session.ends.server), (Words.client, session.ends.client)] {
            let streams = end.unidirectional + end.bidirectional
            spans.append(
                TextSpan(
                    "  \(name) \(NumberText.grouped(streams)) \(Words.streams), \(ByteText.short(end.bytes)), \(NumberText.grouped(end.datagrams)) datagrams",
                    .text))
            if end.resets > 0 { spans.append(TextSpan(", reset \(NumberText.grouped(end.resets))", .watch)) }
        }
        return spans
    }
}
