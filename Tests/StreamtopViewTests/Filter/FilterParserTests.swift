import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

@Suite struct FilterParserTests {
    /// Filter texts and the flows of the sample evening that pass.
    static let matches: [(text: String, flows: [UInt64])] = [
        ("", [7, 9, 12, 15, 16, 21]), ("proto:tls", [7, 9, 21]), ("proto=tls", [7, 9, 21]), ("proto:http", [7, 15]),
        ("proto=http", []), ("rtt>50ms", [7, 16]), ("rtt > 50", [7, 16]), ("rtt>0.1s", [7, 16]), ("rtt<10000us", [15]),
        ("queue>20ms", [7]), ("loss>1%", [9]), ("loss>1", [9]), ("rate>10M", [7]), ("down>=3020000", [7, 12, 15]),
        ("up<100k and rtt>50ms", [7, 16]), ("port:80", [15]), ("port>8000", [7, 9, 12, 15, 16, 21]),
        ("state:reset", [16]),
        ("state!=open", [16]), ("host:10.0.3.7", [7, 15]), ("client:10.0.3.0/28", [7, 9, 15]), ("server:10.0.3.7", []),
        ("host:2001:db8::/32", [12]), ("server:cdn", [7]), ("host:CDN", [7]), ("verdict:bufferbloat", [7]),
        ("verdict:bloat or verdict:random", [7, 9]), ("severity:critical", [7]), ("not proto:tls", [12, 15, 16]),
        ("!proto:tls", [12, 15, 16]), ("proto:tls not (port:443 and rtt>100)", [9, 21]), ("proto:tls && !rtt>0", [21]),
        ("flow:7", [7]), ("flow:f9", [9]), ("quic", [12]), ("\"映像\"", [16]), ("10.0.3.7:51548", [15]),
        ("retrans>=12", [7, 9]), ("cwnd>100k", [7]), ("flight>100K", [7]), ("rwnd>1M", [7]), ("age>1h", [15]),
        ("bytes>100M", [7, 15]), ("port:443 or port:80 and rtt<20", [7, 9, 12, 15, 21]),
        ("(port:443 or port:80) and rtt<20", [15]), ("server=\"cdn-04.example\"", [7]),
        ("server: \"cdn-04\" rtt>5", [7]), ("vlan:7", []), ("tunnel:gre", []),
    ]

    @Test(arguments: matches.indices) func matchesAsMeant(index: Int) throws {
        let (text, flows) = Self.matches[index]
        let filter = try FilterParser.parse(text)
        let passing = SampleSnapshots.evening().flows.filter(filter.matches).map(\.identifier.number)
        #expect(passing == flows, "\(text)")
    }

    static let faults: [(text: String, position: Int, words: String)] = [
        ("rtq>5", 0, "did you mean \"rtt\""), ("proto:tls hots:x", 10, "did you mean \"host\""),
        ("rtt>", 4, "what should rtt be"),
        ("rtt>5parsecs", 0, "units: ms us"), ("(rtt>5", 6, ") is missing"), ("rtt>5)", 5, "without its ("),
        ("rtt>5 and", 9, "missing"), ("or rtt>5", 0, "missing"), ("not", 3, "missing"), ("\"open", 0, "never closed"),
        ("state>open", 0, "state is a text"), ("rtt!5", 0, "use : ="), ("()", 1, "missing"),
        (String(repeating: "(", count: 40), 32, "deeply"), (String(repeating: "a", count: 1_001), 1_000, "too long"),
    ]

    @Test(arguments: faults.indices) func faultsSayWhereAndWhat(index: Int) {
        let fault = Self.faults[index]
        let error = #expect(throws: FilterError.self) { try FilterParser.parse(fault.text) }
        #expect(error?.position == fault.position, "\(fault.text): \(error?.message ?? "")")
        #expect(error?.message.contains(fault.words) == true, "\(fault.text): \(error?.message ?? "")")
    }

    /// Unknown is neither above nor below anything.
    @Test func unknownNeverMatchesANumber() throws {
        let unknown = SampleSnapshots.evening().flows[2]
        for text in ["rtt>0", "rtt<1s", "rtt!=5", "loss>=0", "cwnd>0"] {
            #expect(try FilterParser.parse(text).matches(unknown) == false, "\(text)")
        }
    }

    @Test func completionKnowsFieldsAndValues() {
        let snapshot = SampleSnapshots.evening()
        #expect(FilterCompletion.candidates(for: "ver", in: snapshot) == ["verdict:"])
        #expect(FilterCompletion.completed("rt", in: snapshot) == "rtt>")
        #expect(FilterCompletion.candidates(for: "port:4", in: snapshot) == ["port:443"])
        #expect(FilterCompletion.completed("not verdict:buf", in: snapshot) == "not verdict:bufferbloat")
        #expect(FilterCompletion.candidates(for: "verdict:", in: snapshot).contains("verdict:random_loss"))
        #expect(FilterCompletion.completed("zzz", in: snapshot) == "zzz")
    }
}
