import StreamtopBase
import StreamtopModel

/// The table of flows as it stands, its order and filter kept, for other programs or for a mail: every column that is not
/// hidden, numbers in seconds, ratios, bits a second and bytes.
package enum ViewExport {
    package enum Format: String, CaseIterable, Sendable {
        case text = "txt"
        case csv, json
    }

    static func text(_ format: Format, _ state: ViewState, _ context: ViewContext) -> String {
        let isOwned = context.snapshot.flows.contains { $0.owner != nil }
        let columns = state.table.columns.filter { column in
            column != .trend && !state.table.hidden.contains(column) && (column != .process || isOwned)
        }
        let flows = state.table.rows.compactMap { row in
            context.snapshot.flowIndex(row.flow, hint: row.hint).map { context.snapshot.flows[$0] }
        }
        let rows = flows.map { flow in columns.map { value($0, of: flow) } }
        return switch format {
        case .text: table(columns, rows)
        case .csv: csv(columns, rows)
        case .json: json(columns, rows)
        }
    }

    private enum Value {
        case number(Double)
        case text(String)
        case unknown
    }

    private static func value(_ column: FlowColumn, of flow: FlowSnapshot) -> Value {
        if column == .verdict { return flow.worstVerdict.map { .text($0.rule + ": " + $0.summary) } ?? .unknown }
        switch MetricTable.row(column)?.value {
        case .number(let number): return number(flow).map { .number($0) } ?? .unknown
        case .text(let text): return text(flow).map { .text($0) } ?? .unknown
        case nil: return .unknown
        }
    }

    /// Six digits: more than anything here is known to.
    private static func digits(_ number: Double) -> String {
        guard number.isFinite else { return "" }
        if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) }
        return NumberText.fixed(number, decimals: abs(number) < 1 ? 6 : abs(number) < 1_000 ? 3 : 0)
    }

    private static func plain(_ value: Value) -> String {
        switch value {
        case .number(let number): digits(number)
        case .text(let text): printable(text)
        case .unknown: ""
        }
    }

    private static func table(_ columns: [FlowColumn], _ rows: [[Value]]) -> String {
        let lines = [columns.map(\.name)] + rows.map { $0.map { plain($0).isEmpty ? "-" : plain($0) } }
        let widths = columns.indices.map { column in lines.map { TextWidth.columns(of: $0[column]) }.max() ?? 0 }
        return lines.map { line in
            let cells = columns.indices.map { column in
                line[column] + String(repeating: " ", count: widths[column] - TextWidth.columns(of: line[column]))
            }
            let text = cells.joined(separator: "  ")
            return String(text.prefix(text.count - text.reversed().prefix { $0 == " " }.count))
        }.joined(separator: "\n") + "\n"
    }

    /// RFC 4180: fields with commas, quotes or line ends in quotes, quotes doubled.
    private static func csv(_ columns: [FlowColumn], _ rows: [[Value]]) -> String {
        let lines = [columns.map(\.name)] + rows.map { $0.map(plain) }
        return lines.map { line in
            line.map { field in
                field.contains { $0 == "," || $0 == "\"" || $0.isNewline }
                    ? "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                        + "\""
                    : field
            }.joined(separator: ",")
        }.joined(separator: "\r\n") + "\r\n"
    }

    private static func json(_ columns: [FlowColumn], _ rows: [[Value]]) -> String {
        let objects = rows.map { row in
            let members = zip(columns, row).compactMap { column, value -> String? in
                switch value {
                case .number(let number): "\"\(column.name)\": \(digits(number))"
                case .text(let text): "\"\(column.name)\": \"\(escaped(text))\""
                case .unknown: nil
                }
            }
            return "  {" + members.joined(separator: ", ") + "}"
        }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }

    /// RFC 8259 section 7; control characters were made visible before.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in printable(text) {
            if character == "\"" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result
    }

    /// Control characters from the wire, made visible.
    private static func printable(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            TextWidth.kind(of: scalar) == .escaped ? TextWidth.escape(of: scalar) : String(scalar)
        }.joined()
    }
}
