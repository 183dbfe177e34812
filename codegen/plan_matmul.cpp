// Products on targets with a library for them: its launches, and what runs where it does not do them.
#include "codegen/matmul.h"
#include "codegen/phases.h"
#include "codegen/planner.h"
#include "ir/location.h"

#include <cstring>

namespace ogee::codegen {

using namespace mlir;

std::optional<double> Planner::numberIn(const NestBuffer& from) const {
  const runtime::Buffer& buffer = plan_.program.buffers[from.value];
  if (buffer.kind != runtime::Buffer::Kind::constant) return std::nullopt;
  const std::vector<uint8_t>& bytes = plan_.program.constants[buffer.index];
  const auto read = [&](auto number) -> std::optional<double> {
    if (bytes.size() != sizeof number) return std::nullopt;
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  };
  return from.element.isF32() ? read(float()) : from.element.isF64() ? read(double()) : std::nullopt;
}

std::optional<Matmul> Planner::matmulIn(const Nest& nest) const {
  return matmulOf(nest, [this](const NestBuffer& buffer) { return numberIn(buffer); });
}

void Planner::launchMatmul(Nest nest) {
  if (const std::optional<Matmul> whole = matmulIn(nest)) {
    launchMatmulIn(*list_, nest, *whole);
    return;
  }
  Nest product = nest;
  const Nest epilogue = splitEpilogue(product, addArena(productOf(nest.extents), elementOfProduct(nest)));
  if (const std::optional<Matmul> plain = isPlainProduct(nest) ? std::nullopt : matmulIn(product)) {
    launchMatmulIn(*list_, product, *plain);
    launchIn(*list_, epilogue);
    return;
  }
  launchIn(*list_, std::move(nest));
}

void Planner::launchMatmulIn(runtime::LaunchList& list, const Nest& nest, const Matmul& matmul) {
  const uint32_t position = position_++;
  const auto bufferOf = [&](unsigned buffer) {
    use(nest.buffers[buffer].value, position);
    return nest.buffers[buffer].value;
  };
  const auto matrix = [&](const MatmulMatrix& from) {
    return runtime::MatrixSpec{bufferOf(from.buffer), sizes_.slot(from.offset), sizes_.slot(from.batchStride),
                               sizes_.slot(from.ld), from.transposed};
  };
  runtime::MatmulLaunch launch;
  launch.name = nest.name;
  launch.location = planned_ ? ir::describe(planned_->getLoc()) : "";
  launch.dtype = elementOfProduct(nest).isF64() ? runtime::DType::f64 : runtime::DType::f32;
  launch.function = matmul.function;
  launch.batch = sizes_.slot(matmul.batch);
  launch.m = sizes_.slot(matmul.m);
  launch.n = sizes_.slot(matmul.n);
  launch.k = sizes_.slot(matmul.k);
  launch.lhs = matrix(matmul.lhs);
  launch.rhs = matrix(matmul.rhs);
  launch.out = matrix(matmul.out);
  if (matmul.bias) {
    launch.bias = bufferOf(matmul.bias->buffer);
    launch.bias_offset = sizes_.slot(matmul.bias->at.offset);
  }
  launch.has_residual = matmul.residual.has_value();
  if (matmul.residual) launch.residual = matrix(*matmul.residual);
  if (isPlainProduct(nest)) {
    launchIn(launch.otherwise, nest);
  } else { // the plain product may be done where an epilogue is not
    Nest product = nest;
    const Nest epilogue = splitEpilogue(product, addArena(productOf(nest.extents), elementOfProduct(nest)));
    launchMatmulIn(launch.otherwise, product, *matmulIn(product));
    launchIn(launch.otherwise, epilogue);
  }
  list.push_back({std::move(launch)});
}

} // namespace ogee::codegen
