#include <netrig/topology/nat_trial.h>

#include <fmt/format.h>

#include <cerrno>
#include <vector>

namespace netrig {
inline namespace topology {

namespace {

using nft::Protocol;
using traffic::Endpoint;

std::array<std::array<TrialSocket, 2>, 2> at_all(const TrialEnds& ends, Protocol protocol) {
  const auto open = [&](int address, int port) {
    const auto& at = ends.outside.at(static_cast<std::size_t>(address)).at(static_cast<std::size_t>(port));
    return TrialSocket::open(ends.server, protocol, at);
  };
  return {{{open(0, 0), open(0, 1)}, {open(1, 0), open(1, 1)}}};
}

// Two of the server's that the client never asked, one with another address, one with another port than the first.
// Their ports are new: an earlier mapping to an endpoint may have the outside port that is asked, and then what comes
// from there is its answer.
struct Strangers {
  TrialSocket by_address, by_port;
};
Strangers strangers(const TrialEnds& ends, Protocol protocol) {
  const auto open = [&](const Endpoint& beside) {
    for (;;) {
      auto socket = TrialSocket::open_unused(ends.server, protocol, beside.address);
      const auto port = socket.local().port;
      if (port != ends.outside[0][0].port && port != ends.outside[0][1].port) return socket;
    }
  };
  return {open(ends.outside[1][0]), open(ends.outside[0][0])};
}

class UdpTrial : public NatTrial {
 public:
  explicit UdpTrial(TrialEnds ends) : ends_{std::move(ends)}, server_{at_all(ends_, Protocol::udp)} {}

  Mapped map() override {
    auto client = inside();
    const auto local = client.local();
    const auto first = ask(client, 0, 0), second = ask(client, 1, 0), third = ask(client, 1, 1);
    return {local, {first, second, third}};
  }

  Heard filter() override {
    auto client = inside();
    const auto outside = ask(client, 0, 0);
    auto [by_address, by_port] = strangers(ends_, Protocol::udp);
    by_address.send(outside, kAddress);
    by_port.send(outside, kPort);
    server_[0][0].send(outside, kCanary);
    Heard heard;
    for (auto datagram = must_receive(client); datagram.tag != kCanary; datagram = must_receive(client)) {
      (datagram.tag == kAddress ? heard.other_address : heard.other_port) = true;
    }
    return heard;
  }

  Hairpin hairpin() override {
    auto hearer = inside(), speaker = inside();
    const auto to = ask(hearer, 0, 0);
    Hairpin result{{}, ask(speaker, 0, 0)};
    speaker.send(to, kAddress);
    ask(speaker, 0, 0);  // its way is the longer one: there, and back
    server_[0][0].send(to, kCanary);
    for (auto datagram = must_receive(hearer); datagram.tag != kCanary; datagram = must_receive(hearer)) {
      result.from = datagram.from;
    }
    return result;
  }

 private:
  static constexpr std::uint8_t kQuestion = 1, kAddress = 2, kPort = 3, kCanary = 4;

  [[nodiscard]] TrialSocket inside() const {
    return TrialSocket::open_unused(ends_.client, Protocol::udp, ends_.inside);
  }

  // Sends to one of the server's endpoints; gives from where that came.
  Endpoint ask(TrialSocket& client, std::size_t address, std::size_t port) {
    client.send(ends_.outside.at(address).at(port), kQuestion);
    while (const auto datagram = server_.at(address).at(port).receive(ends_.deadline)) {
      if (datagram->tag == kQuestion) return datagram->from;
    }
    throw_nothing_arrived(ends_, Protocol::udp, ends_.outside.at(address).at(port));
  }

  TrialSocket::Datagram must_receive(TrialSocket& client) {
    if (const auto datagram = client.receive(ends_.deadline)) return *datagram;
    throw_nothing_arrived(ends_, Protocol::udp, client.local());
  }

  TrialEnds ends_;
  std::array<std::array<TrialSocket, 2>, 2> server_;
};

class TcpTrial : public NatTrial {
 public:
  explicit TcpTrial(TrialEnds ends) : ends_{std::move(ends)}, server_{at_all(ends_, Protocol::tcp)} {
    for (auto& sockets : server_) {
      for (auto& socket : sockets) socket.listen();
    }
  }

  Mapped map() override {
    const auto first = connect(fresh(), 0, 0);
    const auto local = first.client.local();
    const auto second = connect(at(local), 1, 0), third = connect(at(local), 1, 1);
    return {local, {first.seen, second.seen, third.seen}};
  }

  Heard filter() override {
    auto ear = listener();
    auto known = connect(at(ear.local()), 0, 0);
    auto [by_address, by_port] = strangers(ends_, Protocol::tcp);
    by_address.connect(known.seen);
    by_port.connect(known.seen);
    exchange(known);
    Heard heard;
    for (const auto& from : accepted(ear)) {
      if (from == by_address.local()) heard.other_address = true;
      if (from == by_port.local()) heard.other_port = true;
    }
    return heard;
  }

  Hairpin hairpin() override {
    auto ear = listener();
    const auto hearer = connect(at(ear.local()), 0, 0);
    auto speaker = connect(fresh(), 0, 0);
    auto loop = at(speaker.client.local());
    loop.connect(hearer.seen);
    exchange(speaker);
    Hairpin result{{}, speaker.seen};
    for (const auto& from : accepted(ear)) result.from = from;
    return result;
  }

 private:
  struct Connection {
    TrialSocket client, server;
    Endpoint seen;  // from where it came
  };

  TrialSocket listener() {
    auto socket = fresh();
    socket.listen();
    return socket;
  }
  [[nodiscard]] TrialSocket fresh() const {
    return TrialSocket::open_unused(ends_.client, Protocol::tcp, ends_.inside);
  }
  // One more that sends from there.
  [[nodiscard]] TrialSocket at(const Endpoint& local) const {
    return TrialSocket::open(ends_.client, Protocol::tcp, local);
  }

  Connection connect(TrialSocket client, std::size_t address, std::size_t port) {
    const auto& to = ends_.outside.at(address).at(port);
    client.connect(to);
    if (client.connected(ends_.deadline)) {
      if (auto accepted = server_.at(address).at(port).accept(ends_.deadline)) {
        return {std::move(client), std::move(accepted->first), accepted->second};
      }
    }
    throw_nothing_arrived(ends_, Protocol::tcp, to);
  }

  // A handshake that was begun before is over after it: each of its three packets comes before one of these.
  void exchange(Connection& connection) {
    for (int i = 0; i < 3; ++i) {
      connection.server.write();
      if (!connection.client.read(ends_.deadline)) throw_nothing_arrived(ends_, Protocol::tcp, connection.seen);
      connection.client.write();
      if (!connection.server.read(ends_.deadline)) throw_nothing_arrived(ends_, Protocol::tcp, ends_.outside[0][0]);
    }
  }

  // From where there is a connection by now.
  static std::vector<Endpoint> accepted(TrialSocket& listener) {
    std::vector<Endpoint> from;
    while (const auto connection = listener.accept(Deadline::after({}))) from.push_back(connection->second);
    return from;
  }

  TrialEnds ends_;
  std::array<std::array<TrialSocket, 2>, 2> server_;
};

}  // namespace

std::unique_ptr<NatTrial> udp_trial(TrialEnds ends) { return std::make_unique<UdpTrial>(std::move(ends)); }
std::unique_ptr<NatTrial> tcp_trial(TrialEnds ends) { return std::make_unique<TcpTrial>(std::move(ends)); }

void throw_nothing_arrived(const TrialEnds& ends, Protocol protocol, const Endpoint& at) {
  throw SetupError{Error::from_errno(
      fmt::format(R"(classify NAT between "{}" and "{}")", ends.client.name(), ends.server.name()),
      fmt::format("{} {}", nft::to_string(protocol), at.to_string()), ETIMEDOUT,
      "nothing that was sent there arrived, which no NAT would keep out: explain() tells what became of it")};
}

}  // namespace topology
}  // namespace netrig
