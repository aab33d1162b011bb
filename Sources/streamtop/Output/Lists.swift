import StreamtopBase
import StreamtopCapture
import StreamtopExport
import StreamtopModel
import StreamtopView

extension ThemeShelf {
    /// `--list-themes`: name and one sentence, one a line.
    var text: String {
        let listings = listings
        let width = listings.map { TextWidth.columns(of: $0.name) }.max() ?? 0
        return listings.map { listing in
            let gap = String(repeating: " ", count: width - TextWidth.columns(of: listing.name) + 2)
            return "\(listing.name)\(gap)\(listing.summary)\n"
        }.joined()
    }
}

/// `--print-keys`.
enum KeyList {
    static var text: String { KeyTableText.text }
}

/// `-D`: the interfaces, as text or as records.
enum InterfaceReport {
    static func print(json: Bool) throws(ProgramFailure) -> ExitStatus {
        let entries: [InterfaceList.Entry]
        do throws(CaptureError) { entries = try InterfaceList.entries() } catch { throw ProgramFailure(error) }
        var output = OutputBuffer()
        var exporter = JSONLinesExporter()
        for entry in entries {
            if json {
                exporter.appendInterface(description(of: entry), to: &output.bytes)
            } else {
                output.append(line(entry))
            }
        }
        try output.flush()
        return .done
    }

    private static func description(of entry: InterfaceList.Entry) -> InterfaceDescription {
        InterfaceDescription(
            name: entry.name, summary: entry.description, addresses: entry.addresses, isUp: entry.isUp,
            isRunning: entry.isRunning, isLoopback: entry.isLoopback, isWireless: entry.isWireless)
    }

    private static func line(_ entry: InterfaceList.Entry) -> String {
        var notes: [String] = []
        if !entry.isUp { notes.append("down") } else if !entry.isRunning { notes.append("no carrier") }
        if entry.isLoopback { notes.append("loopback") }
        if entry.isWireless { notes.append("wireless") }
        var parts = [entry.name]
        if let description = entry.description { parts.append(description) }
        if !entry.addresses.isEmpty { parts.append(entry.addresses.map { "\($0)" }.joined(separator: " ")) }
        if !notes.isEmpty { parts.append("(\(notes.joined(separator: ", ")))") }
        return parts.joined(separator: "  ") + "\n"
    }
}
