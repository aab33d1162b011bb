import StreamtopBase
import StreamtopModel

/// Header, headline, lists.
extension Words {
    static let paused = "paused"
    static func behind(_ age: String, isWide: Bool) -> String { "\(age) behind" + (isWide ? " the wire" : "") }
    static let silentFor = "silent for "
    static func endedAgo(_ age: String) -> String { "ended \(age) ago" }
    static let dropsLabel = "drops "
    static func flows(_ count: Int) -> String { count == 1 ? " flow" : " flows" }

    /// What the clock on screen is ahead of UTC: `UTC`, `UTC+2`, `UTC-3:30`.
    static func zone(_ offsetSeconds: Int) -> String {
        guard offsetSeconds != 0 else { return "UTC" }
        let minutes = abs(offsetSeconds) / 60
        let rest = minutes % 60 == 0 ? "" : ":" + (minutes % 60 < 10 ? "0" : "") + "\(minutes % 60)"
        return "UTC" + (offsetSeconds < 0 ? "-" : "+") + "\(minutes / 60)" + rest
    }
    static let packetsPerSecond = " p/s"
    static let cpuLabel = "cpu "
    static let memoryLabel = "mem "
    static let wellSign = "✓"
    static let unknownSign = "·"
    static let outsideFilter = "outside the filter: "
    static let adviceLabel = "What to do: "
    static let adviceShort = "do"
    static let filterLabel = "filter "
    static let sortLabel = "sort "
    static let columnsTitle = "Columns"
    static let columnsFoot = "Space shows, < > move, Enter keeps the view"
    static let exportTitle = "Write the table"
    static let exportFoot = "Enter writes a file; Esc"
    static let exportFormats: [(name: String, note: String)] = [
        ("text", "columns side by side"), ("CSV", "for a spreadsheet (RFC 4180)"), ("JSON", "an array of objects"),
    ]
    static let sortTitle = "Sort by"
    static let sortFoot = "Enter sorts, again reverses; Esc"
    static let themeTitle = "Theme"
    static let themeFoot = "j k try on, Enter keeps, Esc goes back"
    static func passing(_ count: Int, _ all: Int) -> String { "\(count) of \(all)" + flows(all) }

    static let promptHints = "Enter keeps  Tab completes  Esc undoes"
    static let noCandidates = "free text: looked for in addresses, names, protocols, verdicts"
    static let looping = "loop"
    static let fullSpeed = "max"
    static let verdictsHeader = "since     verdict, worst first"
    static let noVerdicts = "✓ No rule fired: nothing seen holds a flow back."
    static let noVerdictsYet = "No rule fired; the first line says what could not be judged."

    static func noVerdictPasses(_ count: Int) -> String {
        count == 1 ? "The one verdict does not pass the filter." : "None of \(count) verdicts passes the filter."
    }

    static let eventsHeader = "time        of its flow  what happened, newest first"
    static func noEventPasses(_ count: Int) -> String {
        count == 1 ? "The one event does not pass the filter." : "None of \(count) events passes the filter."
    }

    static let noEvents = "Nothing has happened yet that is worth a line."

    static func sourceKind(_ kind: SourceLabel.Kind) -> String {
        switch kind {
        case .live: "live"
        case .file: "file"
        case .demo: "demo"
        }
    }

    static func waiting(_ source: SourceLabel) -> String {
        source.kind == .live ? "Waiting for the first packet on \(source.name)" : "Reading \(source.name)"
    }

    static func flowIsWell(_ flow: FlowSnapshot) -> String {
        guard let trip = flow.displayedRoundTrip else { return "No verdict on this flow." }
        var text = "No rule fired: round trip \(trip.bound.prefix)\(DurationText.withUnit(trip.value))"
        // Of the same instant, but of one component of the round trip where only that was measured.
        if let queue = flow.displayedQueueDelay {
            text += ", of it \(DurationText.withUnit(min(queue, trip.value))) in queues"
        }
        return text
    }

    static func noFlows(_ source: SourceLabel) -> [String] {
        source.kind == .live
            ? ["No flow yet.", "Traffic on \(source.name) shows up here by itself."]
            : ["No flow yet.", "\(source.name) is being read."]
    }

    static func noMatches(_ filter: String, _ count: Int) -> [String] {
        ["None of \(NumberText.grouped(count)) flows passes the filter.", "\(filter)   x clears it, / changes it"]
    }

    static let endedHidden = "ended hidden (t)"
    static func allEnded(_ count: Int) -> [String] {
        ["None of \(NumberText.grouped(count)) flows is open.", "t shows those that have ended."]
    }
    static func notFound(_ text: String) -> String { "not found on this screen: \(text)" }
    static let searchHints = "Enter finds  F3 next  Esc ends"
    static let recording = "● rec"
    static let nothingRecorded = "no packets are being written"
    static func endsRecordings(_ count: Int) -> String {
        count == 1 ? "W again ends the file that is being written" : "W again ends the \(count) files being written"
    }

    static func displayedOf(_ displayed: Int, _ all: Int) -> String {
        " (\(NumberText.grouped(displayed)) of \(NumberText.grouped(all)))"
    }

    static func sortName(_ column: FlowColumn) -> String {
        switch column {
        case .up: "rate from client"
        case .down: "rate from server"
        default: column.style.title
        }
    }

    /// A figure behind a verdict: `rtt 112.4 ms`.
    static func evidence(_ evidence: Verdict.Evidence) -> String {
        let size = abs(evidence.value)
        let decimals = size == size.rounded() ? 0 : size < 10 ? 2 : 1
        let number = NumberText.fixed(evidence.value, decimals: decimals)
        // Names carry their unit behind the last underscore.
        var parts = evidence.name.split(separator: "_").map(String.init)
        let value: String
        switch parts.last {
        case "ms": value = number + " ms"
        case "s": value = number + " s"
        case "bps": value = RateText.withUnit(evidence.value)
        case "bytes": value = ByteText.short(evidence.value)
        case "ratio", "share":
            return parts.dropLast().joined(separator: " ") + " share " + PercentText.ratio(evidence.value)
        default: return (parts.joined(separator: " ") + " " + number)
        }
        parts.removeLast()
        return parts.joined(separator: " ") + " " + value
    }

    /// How the filling of a buffer is known.
    static func bufferSource(_ source: String) -> String {
        switch source {
        case "rtt": "from round trips"
        case "receive_window": "from the window"
        case "kernel": "from the kernel"
        default: spaced(source)
        }
    }

    // MARK: Events

    static func event(_ kind: FlowEvent.Kind) -> (name: String, detail: String, role: StyleRole) {
        switch kind {
        case .flowOpen: return ("opened", "", .fine)
        case .flowClose(let state): return ("closed", state == .closed ? "" : state.rawValue, .muted)
        case .handshakeStep(let step, let from, let bytes, let encrypted):
            let size = bytes > 0 ? "  \(ByteText.short(bytes))B" : ""
            return (spaced(step.rawValue), "\(by(from))\(size)\(encrypted ? "  encrypted" : "")", .label)
        case .established(let handshake):
            return ("established", handshake.map { "after \(DurationText.withUnit($0))" } ?? "", .fine)
        case .retransmission(let from, _, let bytes, let cause):
            return (
                "retransmission", "\(by(from))  \(ByteText.short(bytes))B  \(spaced(cause.rawValue))",
                .markRetransmission
            )
        case .loss(let from, let segments, let verdict, let location):
            let position = location.map { "  \($0.rawValue) of the tap" } ?? ""
            let what = segments == 1 ? "1 segment" : "\(segments) segments"
            return ("loss", "\(by(from))  \(what)  \(verdict.rawValue)\(position)", .markLoss)
        case .spurious(let from, _): return ("needless retransmission", by(from), .label)
        case .zeroWindow(let end): return ("zero window", by(end), .markZeroWindow)
        case .windowOpen(let end, let bytes, let after):
            return ("window open", "\(by(end))  \(ByteText.short(bytes))B after \(DurationText.withUnit(after))", .fine)
        case .ecnCE(let from): return ("congestion marked", by(from), .watch)
        case .icmpTooBig(let mtu): return ("packet too big", "MTU \(mtu)", .watch)
        case .httpExchange(let exchange):
            return ("exchange", self.exchange(exchange), exchange.state == .reset ? .watch : .text)
        case .webSocketOpen(let url): return ("websocket open", url ?? "", .fine)
        case .webSocketClose(let close):
            let code = close.code.map { "  \($0)" } ?? ""
            return ("websocket close", "\(by(close.by))\(code)  \(close.reason ?? "")", .muted)
        case .verdict(let rule, let severity, let summary):
            return (spaced(rule), summary, severityRole(severity))
        case .rtpStart(let source, let from, let type):
            return ("media", "\(by(from))  \(self.source(source))  payload type \(type)", .fine)
        case .rtpLoss(let source, let from, let packets):
            let what = packets == 1 ? "1 packet" : "\(packets) packets"
            return ("media loss", "\(by(from))  \(self.source(source))  \(what)", .markLoss)
        case .nominated(let end): return ("nominated", by(end), .fine)
        case .icePair(let state): return ("checks", state == .succeeded ? "answered" : "begin", .text)
        case .natMapping(let mapping, let mapped):
            return ("NAT", "\(spaced(mapping.rawValue))  \(EndpointText.text(mapped))", .text)
        case .allocation(let allocation):
            let what = allocation.relayed.map { EndpointText.text($0) } ?? allocation.errorCode.map { "\($0)" } ?? ""
            let lost = allocation.lapse.map { "  \($0.rawValue)" } ?? ""
            let isWrong = allocation.state == .lapsed || allocation.state == .refused
            return ("relay \(allocation.state.rawValue)", what + lost, isWrong ? .watch : .fine)
        case .keyFrame(let source, let from): return ("key frame", "\(by(from))  \(self.source(source))", .text)
        case .mediaChunk(_, let bytes, let age):
            let old = age.map { "  \(DurationText.withUnit($0)) old" } ?? ""
            return ("media chunk", "\(ByteText.short(bytes))B\(old)", .muted)
        case .mediaSegment(let segment):
            return ("media segment", "\(ByteText.short(segment.bytes))B  \(segment.url ?? "")", .text)
        case .mediaSwitch(let change): return ("switch", "\(change.from) to \(change.to)", .watch)
        case .mediaStall: return ("player stalls", "nothing left to play, by the model", .markLoss)
        case .earlyData(let bytes, let accepted):
            let fate = accepted.map { $0 ? "  accepted" : "  rejected" } ?? ""
            return ("early data", "\(ByteText.short(bytes))B\(fate)", .text)
        default: return (spaced("\(kind)".prefix { $0 != "(" }.description), "", .text)
        }
    }

    private static func by(_ direction: Direction) -> String { direction == .fromClient ? "client" : "server" }

    /// A synchronisation source, as other tools write it.
    static func source(_ source: UInt32) -> String {
        let digits = String(source, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    static func spaced(_ name: String) -> String { String(name.map { $0 == "_" ? " " : $0 }) }
}
