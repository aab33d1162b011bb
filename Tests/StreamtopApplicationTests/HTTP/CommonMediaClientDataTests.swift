import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

@Suite struct CommonMediaClientDataTests {
    private func read(_ text: String) -> [HTTPClientDatum] {
        var list: [HTTPClientDatum] = []
        CommonMediaClientData.add(text, to: &list)
        return list
    }

    private func readQuery(_ path: String) -> [HTTPClientDatum] {
        var list: [HTTPClientDatum] = []
        CommonMediaClientData.add(queryOf: path, to: &list)
        return list
    }

    /// The shapes of CTA-5004: numbers, tokens, strings with commas in them, keys that are true by being there.
    @Test func valuesByShape() {
        #expect(
            read(#"bl=21300, br=3200,bs,ot=v,sid="6e2fb550,c457",su=false,pr=1.08"#) == [
                HTTPClientDatum(key: "bl", value: .number(21_300)), HTTPClientDatum(key: "br", value: .number(3_200)),
                HTTPClientDatum(key: "bs", value: .flag(true)), HTTPClientDatum(key: "ot", value: .text("v")),
                HTTPClientDatum(key: "sid", value: .text("6e2fb550,c457")),
                HTTPClientDatum(key: "su", value: .flag(false)), HTTPClientDatum(key: "pr", value: .number(1.08)),
            ])
    }

    @Test func inAQueryItIsEscaped() {
        #expect(
            readQuery("/seg.m4s?a=1&CMCD=br%3D3200%2Cnor%3D%22..%252Fnext.m4s%22&b=2") == [
                HTTPClientDatum(key: "br", value: .number(3_200)),
                HTTPClientDatum(key: "nor", value: .text("..%2Fnext.m4s")),
            ])
        #expect(readQuery("/seg.m4s?xCMCD=br%3D1").isEmpty)
        #expect(readQuery("/seg.m4s").isEmpty)
        #expect(readQuery("/seg.m4s?CMCD=br%3D1%2") == [HTTPClientDatum(key: "br", value: .text("1%2"))])
    }

    @Test func whatIsNoDataIsLeftOut() {
        #expect(read("").isEmpty)
        #expect(read("=5, ,\u{1},a b=1").isEmpty)
        #expect(read("bl=1,bl=2") == [HTTPClientDatum(key: "bl", value: .number(1))], "the first counts")
        #expect(read("d=inf,e=1e300,f=nan").map(\.value) == [.text("inf"), .text("1e300"), .text("nan")])
    }

    @Test func capsHold() {
        let many = (0..<100).map { "k\($0)=1" }.joined(separator: ",")
        #expect(read(many).count == CommonMediaClientData.keyCapacity)
        let long = read("sid=\"" + String(repeating: "x", count: 5_000) + "\"")
        #expect(long == [HTTPClientDatum(key: "sid", value: .text(String(repeating: "x", count: 256)))])
    }

    @Test func damagedTextIsSafe() {
        let whole = Array(#"bl=21300,sid="a\"b,c",bs,CMCD=%22%2C%,nor="..%2F""#.utf8)
        for length in whole.indices { _ = read(String(decoding: whole.prefix(length), as: UTF8.self)) }
        for seed in UInt64(1)...300 {
            var random = SeededRandom(seed: seed)
            let text = String(decoding: random.damaged(whole), as: UTF8.self)
            let list = read(text) + readQuery("/?CMCD=" + text)
            #expect(list.allSatisfy { !$0.key.isEmpty }, "seed \(seed)")
        }
    }
}
